#pragma once
// Where the next page begins: the sort key and the row id of the last entry shown.
//
// Clients get it as opaque text. It carries no row id in the clear and names the list it belongs to, so a cursor of one
// list given to another is refused instead of silently showing the wrong page. It is no secret and not signed: a forged
// one can only ask for a page its author could ask for anyway.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace forum {

struct Cursor {
    std::string key;  ///< sort key of the last entry, as text
    std::int64_t row = 0;

    friend bool operator==(const Cursor&, const Cursor&) = default;
};

std::string cursor_text(std::string_view list, const Cursor& cursor);
std::optional<Cursor> cursor_from(std::string_view list, std::string_view text);

}  // namespace forum
