// The configuration of `run --tls`, and what is said of its arguments.
#include "control/cli/secure_site.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "config/parse.h"

using namespace switchyard;
using namespace switchyard::control::cli;

namespace {

SecureSite good() {
    SecureSite out;
    out.hosts = {"shop.example", "www.shop.example"};
    out.endpoints = {"127.0.0.1:9001"};
    out.terms_accepted = true;
    return out;
}

std::string said(const SecureSite& site) {
    std::vector<std::string> complaints;
    document_of(site, "/state", complaints);
    return fmt::format("{}", fmt::join(complaints, "\n"));
}

}  // namespace

TEST_CASE("a site is two listeners, one route and a certificate that is asked for") {
    std::vector<std::string> complaints;
    const auto parsed = config::parse(std::string_view(document_of(good(), "/state", complaints)));
    CHECK(complaints.empty());
    REQUIRE(parsed.model);
    const auto& model = *parsed.model;
    CHECK(model.process.state_dir == "/state");
    CHECK(model.listeners.at(0).redirect_https);
    CHECK(model.listeners.at(1).tls->certificates == std::vector<std::string>{"site"});
    CHECK(model.certificates.at("site").acme->names == good().hosts);
    CHECK(model.certificates.at("site").acme->directory == "letsencrypt");
    CHECK(model.routes.at(0).match.hosts == good().hosts);
}

TEST_CASE("what is wrong is said of the option that brought it, all at once") {
    auto site = good();
    site.hosts = {"shop"};
    CHECK(said(site).starts_with("--tls: \"shop\" is a single label"));
    site.hosts = {"192.0.2.1"};
    CHECK(said(site).starts_with("--tls: \"192.0.2.1\" is an address"));
    site = good();
    site.terms_accepted = false;
    site.endpoints.clear();
    site.email = "nobody";
    const auto all = said(site);
    CHECK(all.find("--to: say where") != all.npos);
    CHECK(all.find("--accept-terms: ") != all.npos);
    CHECK(all.find("--email: ") != all.npos);
    site = good();
    site.endpoints = {"nowhere"};
    CHECK(said(site).starts_with("--to: "));
    site = good();
    site.https = "443";
    CHECK(said(site).starts_with("--https: "));
    site = good();
    site.directory = "http://ca.example";
    CHECK(said(site).starts_with("--directory: "));
}

TEST_CASE("state is where systemd says, else beside") {
    ::unsetenv("STATE_DIRECTORY");
    CHECK(usual_state_dir() == "./state");
    ::setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
    CHECK(usual_state_dir() == "/var/lib/a");
    ::unsetenv("STATE_DIRECTORY");
}
