// The laws of header blocks: what our encoder writes is read as the same fields, whatever they are; and any octets are
// read alike as a whole and in pieces, up to the same end.
#include <cstdint>
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

struct Read {
    Fields fields;
    Outcome outcome = Outcome::more;
    bool operator==(const Read&) const = default;
};

Read read(std::string_view block, std::size_t step) {
    HeaderDecoder decoder;
    Read out;
    do {
        const std::string_view part = block.substr(0, step);
        block.remove_prefix(part.size());
        out.outcome = decoder.feed(part, block.empty(), [&](std::string_view name, std::string_view value) {
            out.fields.emplace_back(name, value);
        });
    } while (!block.empty() && out.outcome == Outcome::more);
    return out;
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
    LAW(read(octets, octets.size()) == read(octets, step));

    Fields meant = fields_of(octets);
    std::vector<char> room(octets.size() * 2 + 64 * meant.size() + 16);
    http2::HeaderEncoder block(room, data[0] % 2 == 0);
    for (auto& [name, value] : meant) {
        LAW(block.add(name, value));
        for (char& c : name) c = http::lower(c);
    }
    if (block.size() == 0) return 0;
    const Read got = read({room.data(), block.size()}, step);
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
