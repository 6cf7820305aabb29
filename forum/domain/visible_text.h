// Characters that are not seen, or make what is seen stand elsewhere than it was written.
//
// Texts must be valid UTF-8.
// Pure. Threads: any.
#pragma once

#include <string_view>

namespace forum {

// Nothing of it can be seen: empty, or spaces and characters without a shape.
bool is_blank(std::string_view text);

// What lets a text show something else than it says, and what no writing needs: embeddings and overrides of direction,
// hidden tag characters (but in flags), annotation marks. In names and titles, which stand among others' words,
// isolates and characters without a shape too, but for joiners and variation selectors, which scripts and emoji need.
bool has_deceptive_characters(std::string_view text, bool lines_allowed);

// One spelling for each word: composed, and in lower case in every script.
bool is_one_spelling(std::string_view text);

}  // namespace forum
