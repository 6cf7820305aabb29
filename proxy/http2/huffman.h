// The Huffman code of HPACK (RFC 7541 §5.2), writing. Reading is the decoder's.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchyard::http2 {

std::size_t huffman_size(std::string_view text);
// Writes huffman_size(text) octets and returns their end.
char* write_huffman(char* out, std::string_view text);

}  // namespace switchyard::http2
