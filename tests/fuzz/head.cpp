// Laws of heads: a head parsed in two pieces is the head parsed at once (which of two reasons a bad one is refused for
// may depend on the cut, whether it is may not); what is accepted is what a strict reader accepts, with the same fields
// and the same framing; a target that is accepted normalizes to a fixed point.
#include <cstdint>
#include <string>

#include "law.h"
#include "proxy/http/framing.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "tests/support/strict_message.h"

using namespace switchyard;
using Outcome = http::HeadParser::Outcome;

namespace {

bool same(const http::Head& a, const http::Head& b) {
    if (a.size != b.size || a.field_count != b.field_count || a.known != b.known || a.minor != b.minor) return false;
    for (std::uint16_t i = 0; i < a.field_count; ++i)
        if (a.fields[i].name.offset != b.fields[i].name.offset || a.fields[i].value.length != b.fields[i].value.length)
            return false;
    return true;
}

bool is_refusal(Outcome outcome) {
    return outcome != Outcome::done && outcome != Outcome::more;
}

void check_request(std::string_view bytes, std::size_t cut) {
    http::HeadParser whole, pieces;
    http::Head head, other;
    const auto outcome = whole.request(bytes, head);
    auto stepwise = pieces.request(bytes.substr(0, cut), other);
    if (stepwise == Outcome::more) stepwise = pieces.request(bytes, other);
    LAW(stepwise == outcome || (is_refusal(stepwise) && is_refusal(outcome)));
    if (outcome != Outcome::done) return;
    LAW(same(head, other));
    LAW(head.size <= bytes.size());

    const char* base = bytes.data();
    const auto guarded = http::guard_request(base, head);
    const auto target = http::read_target(base, head);
    std::string normal;
    const bool has_normal =
        target.refused == nullptr && target.path.starts_with('/') && http::normalize_path(target.path, normal);
    if (has_normal) {
        LAW(normal.starts_with('/'));
        LAW(normal.find("//") == normal.npos);
        if (!http::needs_normalizing(target.path)) LAW(normal == target.path);
    }
    if (guarded.refused != nullptr || target.refused != nullptr || head.has(http::FieldName::host) == false) return;

    // The same head as the other reader sees it, without the body.
    const auto strict = test::read_strict_request(bytes.substr(0, head.size));
    LAW(strict.outcome != test::StrictResult::Outcome::bad);
    LAW(strict.message.fields.size() == head.field_count);
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        LAW(strict.message.fields[i].second == head.fields[i].value.of(base));
    const bool has_body = guarded.body.kind == http::Body::Kind::chunked || guarded.body.length > 0;
    LAW((strict.outcome == test::StrictResult::Outcome::partial) == has_body);
}

void check_response(std::string_view bytes, std::size_t cut) {
    http::HeadParser whole, pieces;
    http::Head head, other;
    const auto outcome = whole.response(bytes, head);
    auto stepwise = pieces.response(bytes.substr(0, cut), other);
    if (stepwise == Outcome::more) stepwise = pieces.response(bytes, other);
    LAW(stepwise == outcome || (is_refusal(stepwise) && is_refusal(outcome)));
    if (outcome != Outcome::done) return;
    LAW(same(head, other));
    if (http::guard_response(bytes.data(), head, "GET").refused != nullptr) return;
    LAW(test::read_strict_response(bytes.substr(0, head.size), "GET", true).outcome !=
        test::StrictResult::Outcome::bad);
}

}  // namespace

// The first byte says where to cut; the rest is the message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t cut = bytes.empty() ? 0 : data[0] % (bytes.size() + 1);
    check_request(bytes, cut);
    check_response(bytes, cut);
    return 0;
}
