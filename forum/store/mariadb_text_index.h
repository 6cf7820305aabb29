// The index in two tables with InnoDB's full-text indexes, in words that its tokenizer takes at a server's default
// settings (token_text() of domain/search_terms.h). A match is ranked by the server, as a share of the best one that
// was found.
//
// Threads: any, one at a time per connection. Errors: StoreError.
#pragma once

#include "forum/store/text_index.h"

namespace forum {

class MariadbTextIndex final : public TextIndex {
  public:
    std::string text(std::string_view written) const override;
    void put_post(Connection& connection, std::int64_t row, std::string_view title,
                  std::string_view body) const override;
    void remove_post(Connection& connection, std::int64_t row) const override;
    void put_comment(Connection& connection, std::int64_t row, std::string_view body,
                     std::int64_t edit_version) const override;
    Query missed_edits(Connection& connection, Instant since, int limit) const override;
    std::vector<RankedRow> posts(Connection& connection, std::string_view typed, int most,
                                 SearchShare& share) const override;
    std::vector<RankedRow> comments(Connection& connection, std::string_view typed, int most,
                                    SearchShare& share) const override;
};

}  // namespace forum
