#include "config/model/compress.h"

#include <array>

namespace switchyard::config {

namespace {

// As Accept-Encoding and Content-Encoding write them.
constexpr std::array<Spelling<Encoding>, 3> kEncodings{
    {{Encoding::gzip, "gzip"}, {Encoding::brotli, "br"}, {Encoding::zstd, "zstd"}}};

}  // namespace

template <>
std::span<const Spelling<Encoding>> spellings<Encoding>() {
    return kEncodings;
}

}  // namespace switchyard::config
