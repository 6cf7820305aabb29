// Laws of the chunked coding: the result does not depend on how the bytes are cut; what is accepted without extensions
// is what a strict reader accepts, with the same data and the same end; nothing is read past the end.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "law.h"
#include "proxy/http/chunked.h"
#include "tests/support/strict_message.h"

using switchyard::http::ChunkedDecoder;
using Outcome = ChunkedDecoder::Outcome;

namespace {

struct Decoded {
    Outcome outcome = Outcome::more;
    std::string data;
    std::size_t consumed = 0;
};

Decoded decode(std::string_view bytes, std::size_t step) {
    Decoded out;
    ChunkedDecoder decoder;
    for (std::size_t at = 0; at < bytes.size() && out.outcome == Outcome::more; at += step) {
        const auto piece = bytes.substr(at, step);
        std::vector<char> buffer(piece.begin(), piece.end());
        const auto fed = decoder.feed(buffer);
        LAW(fed.consumed <= buffer.size());
        LAW(fed.data <= fed.consumed);
        LAW(fed.outcome != Outcome::more || fed.consumed == buffer.size());
        out.outcome = fed.outcome;
        out.data.append(buffer.data(), fed.data);
        out.consumed += fed.consumed;
    }
    return out;
}

}  // namespace

// The first byte is the size of the pieces; the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = decode(bytes, bytes.size());
    const auto pieces = decode(bytes, 1 + data[0] % 16u);
    LAW(whole.outcome == pieces.outcome);
    if (whole.outcome == Outcome::bad) return 0;
    LAW(whole.data == pieces.data);
    LAW(whole.consumed == pieces.consumed);
    if (bytes.find(';') != bytes.npos) return 0;
    const std::string head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    const auto strict = switchyard::test::read_strict_request(head + bytes);
    using Strict = switchyard::test::StrictResult::Outcome;
    if (whole.outcome == Outcome::done) {
        LAW(strict.outcome == Strict::whole);
        LAW(strict.message.body == whole.data);
        LAW(strict.message.size == head.size() + whole.consumed);
    } else {
        LAW(strict.outcome == Strict::partial);
    }
    return 0;
}
