#include "forum/api/rendered_texts.h"

#include <xxhash.h>

#include "forum/domain/markdown.h"

namespace forum {

namespace {

// They do not grow old; a tool that keeps the database in another way than through a forum may change a text under its
// version, and so its hash counts too.
constexpr Instant kLife = 365 * kDay;

}  // namespace

RenderedTexts::RenderedTexts(std::size_t bytes) : texts_(bytes, kLife, nullptr, "", {}) {}

SharedPage RenderedTexts::html_of(std::string_view id, std::int64_t edit_version, std::string_view text) {
    const std::uint64_t version =
        XXH3_64bits_withSeed(text.data(), text.size(), static_cast<std::uint64_t>(edit_version));
    return texts_.get(std::string(id), version, [text] { return Page{html_from_markdown(text), ""}; });
}

}  // namespace forum
