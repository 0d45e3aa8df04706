#include "base/resume_outcome.h"

#include "base/check.h"

static const char *const names[RESUME_OUTCOME_COUNT] = {
#define RESUME_OUTCOME(name) #name,
#include "base/resume_outcome.def"
#undef RESUME_OUTCOME
};

const char *resume_outcome_name(enum resume_outcome outcome)
{
    CHECK((unsigned)outcome < RESUME_OUTCOME_COUNT);
    return names[outcome];
}
