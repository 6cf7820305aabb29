// Markdown as HTML, made once per edit of a text: whatever else changes about a post (votes, answers, pins) its page is
// built anew, and its text is not.
//
// Bounded by bytes; what is asked for least goes. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "forum/cache/page_cache.h"

namespace forum {

class RenderedTexts {
  public:
    explicit RenderedTexts(std::size_t bytes);

    // `id` and `edit_version` of the post or comment that says `text`.
    SharedPage html_of(std::string_view id, std::int64_t edit_version, std::string_view text);

    // How often Markdown was read.
    std::uint64_t rendered() const { return texts_.counts().built; }
    std::size_t bytes_held() { return texts_.bytes_held(); }

  private:
    PageCache texts_;
};

}  // namespace forum
