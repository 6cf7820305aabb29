// Cursors as clients get them: text that says nothing to them and that no other can make.
//
// A place in a list is a sort key and a row id, and row ids tell how many posts, accounts and reports there are. So it
// is enciphered, with a key that each installation has of its own, and sealed together with the name of its list: a
// cursor of another list, of another forum, or made up, is refused instead of silently showing the wrong page. One
// place has one text, so pages stay the same for all and on every instance.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forum/domain/cursor.h"

namespace forum {

class CursorSeal {
  public:
    // Instances with the same secret read each other's cursors.
    explicit CursorSeal(std::string_view secret);

    std::string close(std::string_view list, const Cursor& cursor) const;
    std::optional<Cursor> open(std::string_view list, std::string_view text) const;

  private:
    std::string tag_of(std::string_view list, std::string_view plain) const;
    std::string enciphered(std::string_view tag, std::string_view text) const;

    std::string tag_key_;
    std::string cipher_key_;
};

}  // namespace forum
