// Entity tags (RFC 9110 §8.8): what a reader holds, so that it need not be sent again, and what a writer saw, so that
// no edit is lost.
//
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forum {

// A strong tag made from the bytes themselves.
std::string entity_tag(std::string_view body);

// "v3.hash": the edit version first, because If-Match on an edit asks only for that part. Votes and answers change
// what is shown, but must not stand in the way of an author who corrects a word.
std::string versioned_tag(std::int64_t edit_version, std::string_view body);

// If-None-Match: any tag of the list, weakly compared, or "*".
bool tag_matches(std::string_view list, std::string_view tag);

// If-Match on an edit: some tag of the list carries this edit version, or it is "*".
bool version_matches(std::string_view list, std::int64_t edit_version);

}  // namespace forum
