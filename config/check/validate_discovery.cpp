#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/model/cidr.h"

namespace switchyard::config {
namespace {

// What a name server is asked for: labels of letters, digits, '-' and '_', as they stand.
bool is_dns_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > 253) return false;
    std::size_t label = 0;
    for (const char c : name) {
        if (c == '.') {
            if (label == 0 || label > 63) return false;
            label = 0;
        } else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
            ++label;
        } else {
            return false;
        }
    }
    return label > 0 && label <= 63;
}

void check_dns_name(Checks& checks, const std::string& at, const std::string& name) {
    if (!is_dns_name(name))
        checks.fail(at, fmt::format("\"{}\" is no name that a name server could be asked for", name));
}

// A word that becomes part of a URL.
void check_word(Checks& checks, const std::string& at, const std::string& word, bool may_be_empty = false) {
    if (word.empty() && !may_be_empty) return checks.fail(at, "expected a name");
    const auto bad = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.';
    };
    if (std::ranges::any_of(word, bad) || word.size() > limits::kNameLength)
        checks.fail(at, fmt::format("\"{}\": expected letters, digits, '-', '_' and '.', at most {}", word,
                                    limits::kNameLength));
}

void check_source(Checks& checks, const std::string& at, const Discover& discover) {
    const std::array<bool, 6> chosen{discover.file.has_value(),   discover.dns.has_value(),
                                     discover.srv.has_value(),    discover.etcd.has_value(),
                                     discover.consul.has_value(), discover.kubernetes.has_value()};
    if (std::ranges::count(chosen, true) != 1)
        return checks.fail(at, "expected exactly one of file, dns, srv, etcd, consul and kubernetes");
    if (discover.file) {
        if (!discover.file->path.starts_with('/'))
            checks.fail(at + "/file/path", "expected a path that begins with '/'");
        checks.text(at + "/file/path", discover.file->path, limits::kHeaderValueLength);
    }
    if (discover.dns) check_dns_name(checks, at + "/dns/name", discover.dns->name);
    if (discover.srv) check_dns_name(checks, at + "/srv/name", discover.srv->name);
    if (discover.etcd) {
        if (discover.etcd->prefix.empty())
            checks.fail(at + "/etcd/prefix", "expected a prefix: without one every key would be an endpoint");
        checks.text(at + "/etcd/prefix", discover.etcd->prefix, limits::kHeaderValueLength);
    }
    if (const auto& consul = discover.consul) {
        check_word(checks, at + "/consul/service", consul->service);
        for (std::size_t i = 0; i < consul->tags.size(); ++i)
            if (consul->tags[i].empty()) checks.fail(pointer_to(at + "/consul/tags", i), "expected a tag");
        check_word(checks, at + "/consul/datacenter", consul->datacenter, true);
    }
    if (const auto& kubernetes = discover.kubernetes) {
        check_word(checks, at + "/kubernetes/namespace", kubernetes->name_space);
        check_word(checks, at + "/kubernetes/service", kubernetes->service);
        check_word(checks, at + "/kubernetes/port", kubernetes->port, true);
    }
}

void check_override(Checks& checks, const std::string& at, const Upstream& upstream, const std::string& address) {
    std::string why;
    const auto parsed = Address::parse(address, &why);
    const std::string here = pointer_to(at, address);
    if (!parsed) return checks.fail(here, why);
    if (parsed->kind != Address::Kind::ipv4 && parsed->kind != Address::Kind::ipv6)
        return checks.fail(
            here, fmt::format("{}: what is discovered is an address with a port, such as 10.0.0.7:9002", address));
    if (parsed->text() != address) return checks.fail(here, fmt::format("write it as {}", parsed->text()));
    if (std::ranges::find(upstream.endpoints, *parsed, &Endpoint::address) != upstream.endpoints.end())
        checks.fail(here, fmt::format("{} is one of the endpoints that are written: change it there", address));
}

void check_url(Checks& checks, const std::string& at, const std::string& url) {
    std::string host;
    for (const std::string_view scheme : {"http://", "https://"})
        if (url.starts_with(scheme)) host = url.substr(scheme.size());
    const auto colon = host.rfind(':');
    const auto bracket = host.rfind(']');
    if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket))
        host += url.starts_with("https") ? ":443" : ":80";
    std::string why = "expected http:// or https://, a host and a port";
    const bool plain = is_field_value(url) && url.find_first_of(" @?#") == std::string::npos;
    if (!plain || host.starts_with(':') || host.find('/') != std::string::npos || !Address::parse(host, &why))
        checks.fail(at, fmt::format("\"{}\": {}", url, why));
}

}  // namespace

void check_discovery(Checks& checks, const std::string& at, const Upstream& upstream) {
    const Discovery& rules = upstream.discovery;
    if (upstream.discover)
        check_source(checks, at + "/discover", *upstream.discover);
    else if (!(rules == Discovery{}))  // overrides may stay behind: they are of run time, discover is the file's
        checks.fail(at + "/discovery", "nothing is discovered here: \"discover\" is missing");
    if (rules.min_ttl > rules.max_ttl) checks.fail(at + "/discovery/min_ttl", "is longer than max_ttl");
    for (std::size_t i = 0; i < rules.allow.size(); ++i) {
        std::string why;
        if (!Cidr::parse(rules.allow[i], &why))
            checks.fail(pointer_to(at + "/discovery/allow", i), fmt::format("\"{}\": {}", rules.allow[i], why));
    }
    for (const auto& [address, unused] : upstream.endpoint_overrides)
        check_override(checks, at + "/endpoint_overrides", upstream, address);
}

void check_sources(Checks& checks, const Sources& sources) {
    const std::string at = "/process/sources";
    check_url(checks, at + "/consul/url", sources.consul.url);
    check_secret(checks, at + "/consul/token", sources.consul.token);
    if (sources.etcd.urls.empty() || sources.etcd.urls.size() > limits::kSourceServers)
        checks.fail(at + "/etcd/urls",
                    fmt::format("{} servers; expected 1 to {}", sources.etcd.urls.size(), limits::kSourceServers));
    for (std::size_t i = 0; i < sources.etcd.urls.size(); ++i)
        check_url(checks, pointer_to(at + "/etcd/urls", i), sources.etcd.urls[i]);
    check_secret(checks, at + "/etcd/password", sources.etcd.password);
    if (!sources.kubernetes.url.empty()) check_url(checks, at + "/kubernetes/url", sources.kubernetes.url);
    for (const auto& [key, path] :
         {std::pair{"/consul/ca_file", &sources.consul.ca_file}, std::pair{"/etcd/ca_file", &sources.etcd.ca_file},
          std::pair{"/kubernetes/token_file", &sources.kubernetes.token_file},
          std::pair{"/kubernetes/ca_file", &sources.kubernetes.ca_file}})
        checks.text(at + key, *path, limits::kHeaderValueLength);
}

}  // namespace switchyard::config
