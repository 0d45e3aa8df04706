#include "cli/output.h"

#include <stdio.h>

#include "base/exit_code.h"

int output_text(struct span text)
{
    if (fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        return EXIT_CODE_OK;
    perror("standard output");
    return EXIT_CODE_FAILED;
}
