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

TEST_CASE("acme: names that no authority vouches for are named with the cure; so is what contradicts itself") {
    const auto complaint = [](const std::string& acme, const std::string& name = "shop", const std::string& more = "") {
        const auto parsed = parse(std::string_view(fmt::format(
            R"({{"certificates": {{"{}": {{"acme": {{{}}}{}}}}}, "listeners": [{{"name": "l", "bind": "127.0.0.1:1",)"
            R"( "tls": {{"certificates": ["{}"]}}}}], "upstreams": {{"u": {{"endpoints": []}}}},)"
            R"( "routes": [{{"name": "r", "split": {{"u": 1}}}}]}})",
            name, acme, more, name)));
        return parsed.model ? std::string() : parsed.errors.at(0).pointer + ": " + parsed.errors.at(0).detail;
    };
    const auto names = [&](const std::string& list) { return complaint(fmt::format(R"("names": [{}])", list)); };
    CHECK(names(R"("shop.example", "www.shop.example", "xn--bcher-kva.example", "1.example")") == "");
    const auto starts = [](const std::string& said, const std::string& with) {
        CHECK_MESSAGE(said.starts_with(with), said);
    };
    const std::string at = "/certificates/shop/acme";
    starts(names(""), at + "/names: name the hosts");
    starts(names(R"("a.example", "shop")"), at + R"(/names/1: "shop" is a single label: no public authority)");
    starts(names(R"("10.0.0.1")"), at + R"(/names/0: "10.0.0.1" is an address: an authority vouches for a host name)");
    starts(names(R"("2001:db8::1")"), at + R"(/names/0: "2001:db8::1" is an address)");
    starts(names(R"("*.shop.example")"), at + "/names/0: a wildcard is proven by DNS");
    starts(names(R"("Shop.example")"), at + R"(/names/0: "Shop.example": write the host in lower case)");
    starts(names(R"("b\u00fccher.example")"), at + "/names/0: ");
    starts(names(R"("a..example")"), at + R"(/names/0: "a..example" is no host name)");
    starts(names(R"("a.example.")"), at + R"(/names/0: "a.example." is no host name)");
    starts(names(R"("-a.example")"), at + R"(/names/0: "-a.example" is no host name: "-a" is no part)");
    starts(names(R"("a.example", "a.example")"), at + R"(/names/1: "a.example" is there already)");
    const std::string good = R"("names": ["a.example"])";
    starts(complaint(good + R"(, "directory": "http://ca.example/dir")"), at + "/directory: \"http://ca");
    CHECK(complaint(good + R"(, "directory": "https://ca.example/dir", "email": "a@b.example")") == "");
    starts(complaint(good + R"(, "email": "nobody")"), at + "/email: \"nobody\" is no address");
    starts(complaint(good + R"(, "challenge": "dns-01")"), at + "/challenge: ");
    starts(complaint(good + R"(, "challenge": "http-01")"), at + "/challenge: http-01 is asked for in clear");
    CHECK(complaint(good + R"(, "challenge": "tls-alpn-01")") == "");
    starts(complaint(good + R"(, "account": {"key_id": "", "key_file": "/k"})"), at + "/account/key_id: ");
    starts(complaint(good, "shop", R"(, "chain": "/a.pem")"), "/certificates/shop/chain: a certificate either stands");
    starts(complaint(good, "..", ""), "/certificates/..");
    starts(complaint(good, "a b", ""), "/certificates/a b");
}
