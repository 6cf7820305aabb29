// The full-text index of posts and comments, as an engine keeps it. What is put comes from text() and what is looked
// for from expression(): both cut words as domain/search_terms.h does. Rows are those of the posts and comments.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"
#include "forum/store/search_share.h"

namespace forum {

struct RankedRow {
    std::int64_t row = 0;
    double rank = 0;  // a share of what is best among texts of its kind: from -1, the best, to 0
};

class TextIndex {
  public:
    virtual ~TextIndex() = default;

    // What put_post() and put_comment() take for a piece of text. Made beforehand, outside the batch's end.
    virtual std::string text(std::string_view written) const = 0;

    virtual void put_post(Connection& connection, std::int64_t row, std::string_view title,
                          std::string_view body) const = 0;
    virtual void remove_post(Connection& connection, std::int64_t row) const = 0;
    // In the place of what is there of the comment.
    virtual void put_comment(Connection& connection, std::int64_t row, std::string_view body,
                             std::int64_t edit_version) const = 0;

    // Comments edited since then of which the index holds another version than the one shown: id, edit version, body.
    virtual Query missed_edits(Connection& connection, Instant since, int limit) const = 0;

    // The newest matches, at most so many, newest first. When `share` is over those ranked so far are the answer, at
    // least one.
    virtual std::vector<RankedRow> posts(Connection& connection, std::string_view typed, int most,
                                         SearchShare& share) const = 0;
    virtual std::vector<RankedRow> comments(Connection& connection, std::string_view typed, int most,
                                            SearchShare& share) const = 0;
};

const TextIndex& text_index(Connection& connection);

}  // namespace forum
