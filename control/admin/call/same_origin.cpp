#include "control/admin/call/same_origin.h"

#include <fmt/format.h>

#include "control/admin/call/speaks_tls.h"
#include "proxy/http/characters.h"

namespace switchyard::control {
namespace {

// Without the port and the brackets.
std::string_view host_of(std::string_view field) {
    if (field.starts_with('[')) {
        const auto end = field.find(']');
        return end == std::string_view::npos ? field : field.substr(1, end - 1);
    }
    return field.substr(0, field.rfind(':'));
}

bool is_address(std::string_view host) {
    if (host.find(':') != std::string_view::npos) return true;  // no name has one
    const auto parsed = config::Address::parse(std::string(host) + ":1");
    return parsed && parsed->kind == config::Address::Kind::ipv4;
}

std::string in_lower_case(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = http::lower(c);
    return out;
}

}  // namespace

std::optional<Problem> foreign_host(const AdminRequest& request, const config::Admin& admin) {
    if (speaks_tls(admin)) return std::nullopt;
    const auto field = in_lower_case(request.header("host"));
    const auto host = host_of(field);
    if (is_address(host) || host == "localhost" || host == in_lower_case(admin.bind.host)) return std::nullopt;
    return Problem(421, "misdirected",
                   fmt::format("the dashboard is not at the name {} in plain HTTP: use the address, localhost (an SSH "
                               "tunnel leads there), or process.admin.tls",
                               host));
}

std::optional<Problem> foreign_page(const AdminRequest& request, const config::Admin& admin) {
    if (auto problem = foreign_host(request, admin)) return problem;
    const auto site = request.header("sec-fetch-site");
    const bool elsewhere = !site.empty() && site != "same-origin" && site != "none";
    const auto origin = request.header("origin");
    const auto own = (speaks_tls(admin) ? "https://" : "http://") + in_lower_case(request.header("host"));
    if (!elsewhere && (origin.empty() || in_lower_case(origin) == own)) return std::nullopt;
    return problems::forbidden("a browser may call here only from the dashboard's own page, and this came from " +
                               (origin.empty() ? "another site" : origin));
}

}  // namespace switchyard::control
