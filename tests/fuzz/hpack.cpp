// The laws of header blocks: what our encoder writes is read as the same fields, whatever they are; and any octets,
// block after block of one connection, are read alike as a whole, in pieces, and by nghttp2's inflater alone, up to the
// same end.
#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "law.h"
#include "proxy/http/characters.h"
#include "proxy/http2/header_decoder.h"
#include "proxy/http2/header_encoder.h"

using namespace switchyard;
using http2::HeaderDecoder;
using Fields = std::vector<std::pair<std::string, std::string>>;
using Outcome = HeaderDecoder::Outcome;

namespace {

// Of one block after the other.
struct Read {
    Fields fields;
    Outcome outcome = Outcome::more;
    bool operator==(const Read&) const = default;
};

class InPieces {
  public:
    explicit InPieces(std::size_t step) : step_(step) {}
    Read operator()(std::string_view block) {
        Read out;
        do {
            const std::string_view part = block.substr(0, step_);
            block.remove_prefix(part.size());
            out.outcome = decoder_.feed(part, block.empty(), [&](std::string_view name, std::string_view value) {
                out.fields.emplace_back(name, value);
            });
        } while (!block.empty() && out.outcome == Outcome::more);
        return out;
    }

  private:
    std::size_t step_;
    HeaderDecoder decoder_;
};

// The library without our door before it.
class ByLibrary {
  public:
    ByLibrary() {
        nghttp2_hd_inflater* made = nullptr;
        LAW(nghttp2_hd_inflate_new(&made) == 0);
        inflater_.reset(made);
    }
    Read operator()(std::string_view block) {
        Read out;
        std::size_t decoded = 0;
        for (;;) {
            nghttp2_nv field;
            int flags = 0;
            const auto used = nghttp2_hd_inflate_hd2(
                inflater_.get(), &field, &flags, reinterpret_cast<const std::uint8_t*>(block.data()), block.size(), 1);
            if (used < 0) return out.outcome = Outcome::bad, out;
            block.remove_prefix(static_cast<std::size_t>(used));
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                decoded += field.namelen + field.valuelen;
                if (decoded > http2::kMaxDecoded) return out.outcome = Outcome::too_much, out;
                out.fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                                        std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
            } else if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
                nghttp2_hd_inflate_end_headers(inflater_.get());
                return out.outcome = Outcome::done, out;
            } else if (block.empty()) {
                return out.outcome = Outcome::bad, out;
            }
        }
    }

  private:
    std::unique_ptr<nghttp2_hd_inflater, decltype(&nghttp2_hd_inflate_del)> inflater_{nullptr, nghttp2_hd_inflate_del};
};

// Twice as one block, so that what the first left in the table is named, and in halves, so that the second's beginning
// is anything.
void check_reading(std::string_view octets, std::size_t step) {
    InPieces whole(octets.size()), pieces(step);
    ByLibrary library;
    const std::string_view half = octets.substr(0, octets.size() / 2);
    for (const std::string_view block : {octets, octets, half, octets.substr(half.size())}) {
        const Read read = whole(block);
        LAW(read == pieces(block));
        LAW(read == library(block));
        if (read.outcome != Outcome::done) return;
    }
}

// "name length, value length, name, value", again and again.
Fields fields_of(std::string_view octets) {
    Fields out;
    while (octets.size() >= 2) {
        const auto name_size = static_cast<unsigned char>(octets[0]) % 40u;
        const auto value_size = static_cast<unsigned char>(octets[1]);
        octets.remove_prefix(2);
        const std::string_view name = octets.substr(0, name_size);
        octets.remove_prefix(name.size());
        const std::string_view value = octets.substr(0, value_size);
        octets.remove_prefix(value.size());
        out.emplace_back(name, value);
    }
    return out;
}

}  // namespace

// Byte 0: the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 8192) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = 1 + data[0];
    check_reading(octets, step);

    Fields meant = fields_of(octets);
    std::vector<char> room(octets.size() * 2 + 64 * meant.size() + 16);
    http2::HeaderEncoder block(room, data[0] % 2 == 0);
    for (auto& [name, value] : meant) {
        LAW(block.add(name, value));
        for (char& c : name) c = http::lower(c);
    }
    if (block.size() == 0) return 0;
    const Read got = InPieces(step)({room.data(), block.size()});
    LAW(got.outcome == Outcome::done);
    LAW(got.fields == meant);
    // And without room it says so, and leaves what was written.
    std::vector<char> small(block.size());
    http2::HeaderEncoder tight(small, false);
    for (const auto& [name, value] : meant) {
        const std::size_t before = tight.size();
        if (!tight.add(name, value)) LAW(tight.size() == before);
        LAW(tight.size() <= small.size());
    }
    return 0;
}
