// HPACK (RFC 7541), writing: stateless. The static table and literals, Huffman where that is shorter, no dynamic table.
//
// Nothing is kept per connection, every block stands for itself, and what one client's answer holds is in no table that
//   another's could be compared with. The first block of a connection says so (a table of size 0), which also answers
//   whatever the peer announces with SETTINGS_HEADER_TABLE_SIZE.
// `authorization`, `proxy-authorization`, `cookie` and `set-cookie` are marked as never to be indexed further on.
// Pure. Errors: a field that does not fit leaves the block as it was and answers false.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace switchyard::http2 {

class HeaderEncoder {
  public:
    // Writes into `out`; `first` for the first block of a connection. At least one octet of room.
    HeaderEncoder(std::span<char> out, bool first);

    // Names are written in lower case. False when there is no room.
    bool add(std::string_view name, std::string_view value);

    std::size_t size() const { return size_; }

  private:
    std::span<char> out_;
    std::size_t size_ = 0;
};

}  // namespace switchyard::http2
