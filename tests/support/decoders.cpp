#include "tests/support/decoders.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace switchyard::test {
namespace {

constexpr std::size_t kPiece = 65536;

Decoded decode_gzip(std::string_view octets) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error("inflateInit2");
    const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
    stream.avail_in = static_cast<uInt>(octets.size());
    Decoded out;
    std::string piece(kPiece, '\0');
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = kPiece;
        const int result = inflate(&stream, Z_SYNC_FLUSH);
        out.text.append(piece, 0, kPiece - stream.avail_out);
        if (result == Z_STREAM_END) {
            out.ended = stream.avail_in == 0;
            return out;
        }
        if (result == Z_BUF_ERROR || (result == Z_OK && stream.avail_in == 0 && stream.avail_out != 0)) return out;
        if (result != Z_OK) throw std::runtime_error("this is no gzip");
    }
}

Decoded decode_brotli(std::string_view octets) {
    const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
    Decoded out;
    std::string piece(kPiece, '\0');
    std::size_t left = octets.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(octets.data());
    for (;;) {
        std::size_t room = kPiece;
        auto* to = reinterpret_cast<std::uint8_t*>(piece.data());
        const auto result = BrotliDecoderDecompressStream(state.get(), &left, &in, &room, &to, nullptr);
        out.text.append(piece, 0, kPiece - room);
        if (result == BROTLI_DECODER_RESULT_ERROR) throw std::runtime_error("this is no brotli");
        if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
        out.ended = result == BROTLI_DECODER_RESULT_SUCCESS && left == 0;
        return out;
    }
}

Decoded decode_zstd(std::string_view octets) {
    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    Decoded out;
    std::string piece(kPiece, '\0');
    ZSTD_inBuffer in{octets.data(), octets.size(), 0};
    for (;;) {
        ZSTD_outBuffer to{piece.data(), piece.size(), 0};
        const std::size_t left = ZSTD_decompressStream(context.get(), &to, &in);
        if (ZSTD_isError(left)) throw std::runtime_error(ZSTD_getErrorName(left));
        out.text.append(piece, 0, to.pos);
        out.ended = left == 0 && in.pos == in.size;
        if (left == 0 || (in.pos == in.size && to.pos < to.size)) return out;
    }
}

}  // namespace

Decoded decode(config::Encoding encoding, std::string_view octets) {
    switch (encoding) {
        case config::Encoding::gzip:
            return decode_gzip(octets);
        case config::Encoding::brotli:
            return decode_brotli(octets);
        case config::Encoding::zstd:
            break;
    }
    return decode_zstd(octets);
}

std::string unchunk(std::string_view body) {
    std::string out;
    while (!body.empty()) {
        const auto line = body.find("\r\n");
        if (line == std::string_view::npos) break;
        const std::size_t size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
        if (size == 0) break;
        body.remove_prefix(line + 2);
        out += body.substr(0, size);
        body.remove_prefix(std::min(body.size(), size + 2));
    }
    return out;
}

}  // namespace switchyard::test
