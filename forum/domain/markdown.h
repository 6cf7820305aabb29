// Markdown as people write it (CommonMark, with tables, strike-through and bare links), made into HTML that is safe to
// put into a page, or into plain text.
//
// md4c reads it; what is written here is all that can come out: a closed list of tags, and of attributes only links'
// targets of a few kinds, so nothing that a user writes becomes a script, a style, an image or a form. HTML in a text
// is shown as it was typed. Text must be valid UTF-8. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace forum {

std::string html_from_markdown(std::string_view text);

// The words without the signs; blocks and lines become spaces. For excerpts. The text itself when there is nothing to
// take away, otherwise what was put into `out`.
std::string_view plain_from_markdown(std::string_view text, std::string& out);

}  // namespace forum
