// The release with schema version 1 had no index of comments and leaves it alone on a newer schema.
#include "forum/store/comment_index.h"

namespace forum {

void index_comment(Connection&, std::int64_t, std::int64_t, std::string_view) {}

bool index_lags(Connection&) {
    return false;
}

void index_next(Connection&, int) {}

bool index_missed_edits(Connection&, Instant) {
    return false;
}

void index_edits(Connection&, Instant, int) {}

}  // namespace forum
