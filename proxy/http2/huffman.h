// The Huffman code of HPACK (RFC 7541 §5.2), writing. Reading is the decoder's.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchyard::http2 {

std::size_t huffman_size(std::string_view text);
// Writes huffman_size(text) octets and returns their end. What it is in the middle of may reach so many octets further.
inline constexpr std::size_t kHuffmanSlack = 4;
char* write_huffman(char* out, std::string_view text);
// The same where it is shorter than the text; null, with octets written up to that size, where it is not.
char* try_huffman(char* out, std::string_view text);

}  // namespace switchyard::http2
