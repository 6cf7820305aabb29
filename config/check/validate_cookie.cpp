#include <algorithm>
#include <cctype>
#include <set>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/model/answers.h"
#include "config/model/cookie.h"

namespace switchyard::config {
namespace {

// What ends an attribute, or what no browser takes.
bool is_attribute_value(std::string_view text) {
    return is_field_value(text) && text.find(';') == std::string_view::npos && text.find(' ') == std::string_view::npos;
}

bool is_domain(std::string_view text) {
    if (text.starts_with('.')) text.remove_prefix(1);
    const auto legal = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; };
    return !text.empty() && std::ranges::all_of(text, legal) && !text.ends_with('.') && !text.starts_with('.') &&
           text.find("..") == std::string_view::npos;
}

}  // namespace

void check_cookie(Checks& checks, const std::string& at, const std::string& name, const CookieAttributes& attributes) {
    const std::string here = at + "/attributes";
    if (name.empty()) {
        if (attributes != CookieAttributes{})
            checks.fail(here,
                        "there is no cookie that these would be for: it is set by \"mint\" of a cookie key, or by "
                        "\"cookie\" of sticky_session");
        return;
    }
    if (attributes.same_site == "none" && !attributes.secure)
        checks.fail(here + "/same_site", "browsers refuse SameSite=None without Secure: say \"secure\": true");
    if (!attributes.domain.empty() && !is_domain(attributes.domain))
        checks.fail(here + "/domain",
                    fmt::format("\"{}\" is no domain: expected such as example.com", attributes.domain));
    if (!attributes.path.starts_with('/') || !is_attribute_value(attributes.path))
        checks.fail(here + "/path", fmt::format("\"{}\": expected a path that begins with '/', without ';' and spaces",
                                                attributes.path));
    checks.text(here + "/path", attributes.path, limits::kHeaderValueLength);
    checks.text(here + "/domain", attributes.domain, limits::kNameLength);
    // RFC 6265bis §4.1.3: browsers drop those that do not keep what their name says.
    const bool host = name.starts_with("__Host-");
    if ((host || name.starts_with("__Secure-")) && !attributes.secure)
        checks.fail(here + "/secure", fmt::format("browsers drop {} without Secure: say \"secure\": true", name));
    if (host && (!attributes.domain.empty() || attributes.path != "/"))
        checks.fail(here, fmt::format("browsers drop {} with a domain, or a path other than \"/\"", name));
}

void check_cookie_flags(Checks& checks, const std::string& at, const CookieFlags& of) {
    if (!of.cookie.empty() && !is_token(of.cookie))
        checks.fail(at + "/cookie", fmt::format("\"{}\" is no cookie name", of.cookie));
    if (of.flags.empty()) checks.fail(at + "/flags", "expected at least one, such as \"secure\"");
    std::set<std::string_view> named;
    for (std::size_t i = 0; i < of.flags.size(); ++i)
        if (!named.insert(attribute_of_flag(of.flags[i])).second)
            checks.fail(pointer_to(at + "/flags", i),
                        fmt::format("{} is spoken of already", attribute_of_flag(of.flags[i])));
}

}  // namespace switchyard::config
