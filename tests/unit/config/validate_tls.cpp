// What is wrong with the tls of a listener, and the sentence for it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "config/parse.h"

using namespace switchyard::config;

namespace {

// The first complaint about a listener with this tls, as "pointer: words"; empty: there is none.
std::string complaint_of_tls(const std::string& tls, const std::string& route = {}) {
    const auto parsed = parse(std::string_view(fmt::format(
        R"({{"certificates": {{"a": {{"chain": "/a.pem", "key": "/a.key"}}}}, "listeners": [{{"name": "l", "bind":)"
        R"( "127.0.0.1:1", "tls": {{"certificates": ["a"]{}{}}}}}], "upstreams": {{"u": {{"endpoints": []}}}},)"
        R"( "routes": [{{"name": "r", "split": {{"u": 1}}{}{}}}]}})",
        tls.empty() ? "" : ", ", tls, route.empty() ? "" : ", ", route)));
    if (parsed.model) return {};
    return parsed.errors.at(0).pointer + ": " + parsed.errors.at(0).detail;
}

}  // namespace

TEST_CASE("client certificates: what contradicts itself is said where it stands") {
    CHECK(complaint_of_tls(R"("client": {"mode": "optional", "ca": "/ca"})").empty());
    CHECK(
        complaint_of_tls(R"("hosts": {"a.example": {}, "*.b.example": {"client": {"mode": "required", "ca": "/ca"}}})")
            .empty());
    const auto starts = [](const std::string& tls, const std::string& with) {
        CAPTURE(tls);
        const auto said = complaint_of_tls(tls);
        CHECK_MESSAGE(said.starts_with(with), said);
    };
    starts(R"("client": {"mode": "required"})", "/listeners/0/tls/client/ca: name the PEM file of the authorities");
    starts(R"("client": {"ca": "/ca"})", "/listeners/0/tls/client/mode: \"none\" asks no client");
    starts(R"("client": {"forward": true})", "/listeners/0/tls/client/forward: no client is asked");
    starts(R"("client": {"mode": "required", "ca": "/ca", "depth": 11})", "/listeners/0/tls/client/depth:");
    starts(R"("hosts": {"A.example": {}})", "/listeners/0/tls/hosts/A.example: expected a host name in lower case");
    starts(R"("hosts": {"a.*": {}})", "/listeners/0/tls/hosts/a.*: expected a host name");
    starts(R"("hosts": {"a": {"client": {"mode": "optional"}}})", "/listeners/0/tls/hosts/a/client/ca: name the PEM");
}

TEST_CASE("claims of a certificate need no token, and only those there are") {
    const auto rule = [](const std::string& claim) {
        return R"("rules": [{"name": "x", "when": {"claim": ")" + claim + R"(", "present": true}, "upstream": "u"}])";
    };
    CHECK(complaint_of_tls("", rule("client.cn")).empty());
    CHECK(complaint_of_tls("", rule("client.comon_name")).find("there is no claim") != std::string::npos);
    CHECK(complaint_of_tls("", rule("sub")).find("where the route has \"jwt\"") != std::string::npos);
}
