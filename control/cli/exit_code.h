// What the program ends with: the same five meanings for every verb (docs/state.md).
#pragma once

namespace switchyard::control::cli {

inline constexpr int kDone = 0;         // done; nothing to do counts as well
inline constexpr int kRefused = 1;      // refused or failed, nothing changed; a rollout that went back or was aborted
inline constexpr int kUsage = 2;        // the command line itself is wrong
inline constexpr int kIncomplete = 3;   // done, but not adopted by all, not drained, not healthy, not decided in time
inline constexpr int kUnreachable = 4;  // the admin API does not answer

inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 refused or failed (nothing changed), 2 wrong usage, 3 done but not complete (not adopted by "
    "every worker, not drained in time, not decided), 4 the admin API cannot be reached";

}  // namespace switchyard::control::cli
