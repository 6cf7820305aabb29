#include "proxy/route/answer_rewrites.h"

#include <algorithm>
#include <array>
#include <vector>

#include "config/text/expires.h"
#include "proxy/http/characters.h"
#include "proxy/route/asked.h"

namespace switchyard::route {
namespace {

using Ways = std::vector<config::Substitution>;

// The start of the value that makes way for another.
bool change_start(const Ways& ways, std::string_view value, const Route& route, const Asked& asked, std::string& to) {
    for (const auto& way : ways) {
        if (!value.starts_with(way.from)) continue;
        to += filled_for_client(way.to, asked.groups(route), asked);
        to += value.substr(way.from.size());
        return true;
    }
    return false;
}

bool change_domain(const Ways& ways, std::string_view value, const Route& route, const Asked& asked, std::string& to) {
    const auto bare = [](std::string_view domain) { return domain.substr(domain.starts_with('.') ? 1 : 0); };
    for (const auto& way : ways) {
        if (!http::equals_ignoring_case(bare(value), bare(way.from))) continue;
        to += filled(way.to, asked.groups(route), asked);
        return true;
    }
    return false;
}

// "5; url=http://…": what stands before the URL, its name included; nothing where there is none.
std::string_view before_url(std::string_view refresh) {
    constexpr std::string_view kUrl = "url=";
    for (std::size_t i = 0; i + kUrl.size() <= refresh.size(); ++i)
        if (http::equals_ignoring_case(refresh.substr(i, kUrl.size()), kUrl)) return refresh.substr(0, i + kUrl.size());
    return {};
}

bool change_cookie(const config::AnswerRewrites& ways, std::string_view cookie, const Route& route, const Asked& asked,
                   std::string& to) {
    bool changed = false;
    for (bool first = true; !cookie.empty(); first = false) {
        const auto end = std::min(cookie.find(';'), cookie.size());
        const std::string_view part = cookie.substr(0, end);
        cookie.remove_prefix(std::min(end + 1, cookie.size()));
        if (!first) to += ';';
        const auto equals = part.find('=');
        const std::string_view name = http::trim(part.substr(0, equals));
        const bool domain = http::equals_ignoring_case(name, "domain");
        if (first || equals == part.npos || (!domain && !http::equals_ignoring_case(name, "path"))) {
            to += part;
            continue;
        }
        const std::string_view value = http::trim(part.substr(equals + 1));
        std::string instead;
        const bool fits = domain ? change_domain(ways.cookie_domain, value, route, asked, instead)
                                 : change_start(ways.cookie_path, value, route, asked, instead);
        to += part.substr(0, equals + 1);
        to += fits ? std::string_view(instead) : part.substr(equals + 1);
        changed = changed || fits;
    }
    return changed;
}

const config::CookieFlags* flags_for(const std::vector<config::CookieFlags>& all, std::string_view cookie) {
    const std::string_view name = http::trim(cookie.substr(0, cookie.find_first_of("=;")));
    const auto found =
        std::ranges::find_if(all, [&](const auto& one) { return one.cookie.empty() || one.cookie == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string_view attribute_text(std::string_view flag) {
    if (flag == "secure") return "Secure";
    if (flag == "httponly") return "HttpOnly";
    if (flag == "samesite=lax") return "SameSite=Lax";
    if (flag == "samesite=strict") return "SameSite=Strict";
    return flag == "samesite=none" ? "SameSite=None" : std::string_view{};
}

// What a flag speaks of stays where it is or makes way; what is not there yet comes behind all else.
std::string with_flags(std::string_view cookie, const std::vector<std::string>& flags) {
    std::string to;
    std::vector<std::string_view> found;
    for (bool first = true; !cookie.empty(); first = false) {
        const auto end = std::min(cookie.find(';'), cookie.size());
        const std::string_view part = cookie.substr(0, end);
        cookie.remove_prefix(std::min(end + 1, cookie.size()));
        const std::string_view name = http::trim(part.substr(0, part.find('=')));
        const auto flag = std::ranges::find_if(flags, [&](std::string_view one) {
            return !first && http::equals_ignoring_case(name, config::attribute_of_flag(one));
        });
        if (flag != flags.end()) found.push_back(*flag);
        if (flag != flags.end() && flag->starts_with("no")) continue;
        if (!first) to += ';';
        if (flag != flags.end() && flag->starts_with("samesite="))
            (to += ' ') += attribute_text(*flag);
        else
            to += part;
    }
    for (const std::string_view flag : flags)
        if (const auto text = attribute_text(flag); !text.empty() && std::ranges::find(found, flag) == found.end())
            (to += "; ") += text;
    return to;
}

}  // namespace

std::shared_ptr<const AnswerRewrites> AnswerRewrites::made_of(const config::AnswerRewrites& source,
                                                              const std::string& expires) {
    if (source.empty() && expires.empty()) return nullptr;
    return std::make_shared<const AnswerRewrites>(AnswerRewrites{source, config::cache_control_of(expires)});
}

bool AnswerRewrites::rewrite(std::string_view name, std::string_view value, const Route& route, const Asked& asked,
                             std::string& instead) const {
    if (http::equals_ignoring_case(name, "location"))
        return change_start(source.location, value, route, asked, instead);
    if (http::equals_ignoring_case(name, "set-cookie")) {
        const bool changed = change_cookie(source, value, route, asked, instead);
        const auto* const flags = flags_for(source.cookie_flags, value);
        if (flags == nullptr) return changed;
        instead = with_flags(changed ? std::string_view(instead) : value, flags->flags);
        return true;
    }
    if (!http::equals_ignoring_case(name, "refresh")) return false;
    const std::string_view before = before_url(value);
    if (before.empty()) return false;
    instead = before;
    return change_start(source.location, value.substr(before.size()), route, asked, instead);
}

bool AnswerRewrites::dates(std::uint16_t status) const {
    constexpr std::array<std::uint16_t, 10> kKept{200, 201, 204, 206, 301, 302, 303, 304, 307, 308};
    return !cache_control.empty() && std::ranges::find(kKept, status) != kKept.end();
}

}  // namespace switchyard::route
