/*
 * resume_outcome: what becomes of a resume from a cursor. One table for the metric.
 */
#ifndef SPECTATE_BASE_RESUME_OUTCOME_H
#define SPECTATE_BASE_RESUME_OUTCOME_H

enum resume_outcome {
#define RESUME_OUTCOME(name) RESUME_##name,
#include "base/resume_outcome.def"
#undef RESUME_OUTCOME
    RESUME_OUTCOME_COUNT
};

/* Static storage, any thread. */
const char *resume_outcome_name(enum resume_outcome outcome);

#endif
