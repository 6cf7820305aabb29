// The release with schema version 2 counted what accounts store in its memory; here it counts nothing.
#include "forum/store/allowance.h"

namespace forum {

Allowance use_allowance(Connection&, std::int64_t, std::int64_t, std::int64_t, Instant) {
    return {};
}

}  // namespace forum
