#include "control/admin/call/route_table.h"

#include <algorithm>
#include <charconv>

namespace switchyard::control {
namespace {

using A = AdminRoute::Access;

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> out;
    std::size_t start = 0;
    while (start <= path.size()) {
        const auto end = std::min(path.find('/', start), path.size());
        out.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    return out;
}

}  // namespace

bool allowed(config::Role role, AdminRoute::Access access) {
    switch (access) {
        case A::open:
        case A::viewer:
            return true;
        case A::operate:
            return role != config::Role::viewer;
        case A::admin:
            return role == config::Role::admin;
    }
    return false;
}

bool AdminRoute::asks(std::string_view name) const {
    std::string_view rest = queries;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == name) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() + 0 &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
            out.push_back(static_cast<char>(value));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

AdminMatch match(std::string_view method, std::string_view raw_path) {
    const auto wanted = segments(raw_path);
    AdminMatch out;
    for (const auto& route : admin_routes()) {
        const auto parts = segments(route.path);
        if (parts.size() != wanted.size()) continue;
        std::vector<std::string> places;
        bool fits = true;
        for (std::size_t i = 0; fits && i < parts.size(); ++i) {
            if (!parts[i].empty() && parts[i].front() == '{') {
                places.push_back(percent_decoded(wanted[i]));
                fits = !wanted[i].empty();
            } else {
                fits = parts[i] == wanted[i];
            }
        }
        if (!fits) continue;
        if (route.method == method) return {&route, std::move(places), {}};
        out.allowed.emplace_back(route.method);
    }
    return out;
}

}  // namespace switchyard::control
