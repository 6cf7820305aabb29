#include "config/nginx_import/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "config/nginx_import/answer.h"
#include "config/text/count.h"

namespace switchyard::config {

namespace {

enum Kind {
    tls,
    access,
    routing,
    files,
    gateways,
    upstream_tls,
    cache,
    bodies,
    error_pages,
    headers,
    rates,
    other,
    kinds
};

struct Words {
    std::string_view name, advice;
};

constexpr std::array<Words, kinds> kWords{{
    {"TLS and HTTP/2", "terminate TLS in front of Switchyard"},
    {"access", "closed until you guard it in another way and open it by hand"},
    {"routing", "answers 501 where nothing else is said; write a route or a rule"},
    {"static files", "keep a file server as an upstream"},
    {"FastCGI, uwsgi, gRPC", "put an HTTP server in front of the application"},
    {"TLS to endpoints", "see tls of the upstreams"},
    {"cache", "put a cache in as an upstream"},
    {"bodies", "change bodies in the application"},
    {"error pages", "the application's own are passed on; Switchyard's are short texts"},
    {"headers", "see request_headers and response_headers, or do it in the application"},
    {"limits", "see limits of routes and listeners"},
    {"other", "see each line"},
}};

struct Entry {
    std::string_view start;
    Kind kind;
};

// By the start of the directive; the first that fits.
constexpr std::array kDirectives{
    Entry{"ssl", tls},
    Entry{"http2", tls},
    Entry{"http3", tls},
    Entry{"quic", tls},
    Entry{"root", files},
    Entry{"alias", files},
    Entry{"index", files},
    Entry{"autoindex", files},
    Entry{"try_files", files},
    Entry{"etag", files},
    Entry{"fastcgi", gateways},
    Entry{"uwsgi", gateways},
    Entry{"scgi", gateways},
    Entry{"grpc_ssl", upstream_tls},
    Entry{"grpc_pass", routing},
    Entry{"grpc_set_header", headers},
    Entry{"grpc_hide_header", headers},
    Entry{"memcached", gateways},
    Entry{"proxy_ssl", upstream_tls},
    Entry{"proxy_cache", cache},
    Entry{"proxy_no_cache", cache},
    Entry{"proxy_store", cache},
    Entry{"gzip", bodies},
    Entry{"gunzip", bodies},
    Entry{"brotli", bodies},
    Entry{"sub_filter", bodies},
    Entry{"addition", bodies},
    Entry{"ssi", bodies},
    Entry{"charset", bodies},
    Entry{"proxy_set_body", bodies},
    Entry{"error_page", error_pages},
    Entry{"proxy_intercept_errors", error_pages},
    Entry{"location", routing},
    Entry{"rewrite", routing},
    Entry{"if", routing},
    Entry{"return", routing},
    Entry{"server_name", routing},
    Entry{"server", routing},
    Entry{"set", routing},
    Entry{"map", routing},
    Entry{"geo", routing},
    Entry{"split_clients", routing},
    Entry{"proxy_pass", routing},
    Entry{"proxy_set_header", headers},
    Entry{"add_header", headers},
    Entry{"proxy_redirect", headers},
    Entry{"proxy_cookie", headers},
    Entry{"proxy_hide_header", headers},
    Entry{"expires", headers},
    Entry{"limit_", rates},
};

Kind kind_of(const Note& note) {
    if (note.advice.starts_with("ACCESS CONTROL") || note.advice.starts_with("closed by line")) return access;
    if (note.what.starts_with("allow ") || note.what.starts_with("deny ")) return access;
    if (note.what.starts_with("listen ") &&
        (note.what.find(" ssl") != note.what.npos || note.what.find(" http2") != note.what.npos ||
         note.what.find(" quic") != note.what.npos))
        return tls;
    for (const Entry& entry : kDirectives)
        if (note.what.starts_with(entry.start)) return entry.kind;
    return other;
}

// Routes that answer 501, alone or by a rule.
std::size_t not_carried(const Model& model) {
    return static_cast<std::size_t>(std::ranges::count_if(model.routes, [](const Route& route) {
        return route.respond.status == nginx::kNotCarriedOver || std::ranges::any_of(route.rules, [](const Rule& rule) {
                   return rule.respond.status == nginx::kNotCarriedOver;
               });
    }));
}

}  // namespace

ImportSummary summarize(const NginxImport& imported) {
    std::array<ImportSummary::Theme, kinds> themes;
    for (std::size_t i = 0; i < kinds; ++i)
        themes[i] = {std::string(kWords[i].name), std::string(kWords[i].advice), 0, 0};
    std::size_t closed = 0, clear = 0, missing = 0, unanswered = 0;
    bool speaks_tls = false;
    for (const Note& note : imported.notes) {
        if (note.kind == Note::Kind::unneeded) continue;
        const Kind kind = kind_of(note);
        ++(note.kind == Note::Kind::lost ? themes[kind].lost : themes[kind].changed);
        if (note.advice == kHttpsNotEnforced) ++clear;
        if (note.advice == kNotAnswered) ++unanswered;
        if (note.advice.starts_with(kNoSuchFile)) ++missing;
        if (kind == access && note.kind == Note::Kind::lost) ++closed;
        if (kind == tls && note.what.starts_with("listen ")) speaks_tls = true;
    }
    ImportSummary out;
    for (auto& theme : themes)
        if (theme.lost + theme.changed > 0) out.themes.push_back(std::move(theme));
    std::vector<std::string> reasons;
    if (imported.model.routes.empty()) reasons.emplace_back("it has no route");
    if (const auto lost = not_carried(imported.model); lost > 0)
        reasons.push_back(fmt::format("{} 501", count_of(lost, "route") + (lost == 1 ? " answers" : " answer")));
    if (clear > 0) reasons.emplace_back("https is not enforced");
    if (missing > 0)
        reasons.push_back(
            fmt::format("{} missing", count_of(missing, "included file") + (missing == 1 ? " is" : " are")));
    if (unanswered > 0)
        reasons.push_back(
            fmt::format("{} not given", count_of(unanswered, "answer") + (unanswered == 1 ? " is" : " are")));
    if (closed > 0)
        reasons.push_back(fmt::format("{} closed (403)", count_of(closed, "guard") + (closed == 1 ? " is" : " are")));
    if (!reasons.empty()) {
        out.verdict = ImportSummary::Verdict::not_yet;
        out.reason = fmt::format("{}", fmt::join(reasons, ", "));
    } else if (speaks_tls) {
        out.verdict = ImportSummary::Verdict::behind;
        out.reason = "a TLS terminator";
    }
    return out;
}

std::string words_of(const ImportSummary& summary) {
    switch (summary.verdict) {
        case ImportSummary::Verdict::usable:
            break;
        case ImportSummary::Verdict::behind:
            return "usable behind " + summary.reason;
        case ImportSummary::Verdict::not_yet:
            return "not usable as it is: " + summary.reason;
    }
    return "usable";
}

}  // namespace switchyard::config
