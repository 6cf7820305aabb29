#include <algorithm>

#include "config/text/target_text.h"
#include "proxy/http/characters.h"
#include "proxy/route/route.h"

namespace switchyard::route {
namespace {

std::string in_lower_case(std::string text) {
    for (char& c : text) c = http::lower(c);
    return text;
}

void add_line(Edits& out, const std::string& name, std::string_view value, bool groups) {
    const bool in_host = http::equals_lower(name, "host");
    out.lines += name + ": ";
    std::size_t copied = 0;
    for (const auto& use : config::placeholders_in(value, groups)) {
        out.lines += value.substr(copied, use.begin - copied);
        copied = use.end;
        if (const auto group = config::group_named(use.word))
            out.fills.push_back({out.lines.size(),
                                 group->what == config::TargetPart::What::path_group ? config::Placeholder::path_group
                                                                                     : config::Placeholder::host_group,
                                 in_host, static_cast<std::uint8_t>(group->group)});
        else if (const auto what = config::placeholder_of(use.word))
            out.fills.push_back({out.lines.size(), *what, in_host, 0});
    }
    out.lines += value.substr(copied);
    out.lines += "\r\n";
}

void replace(Edits& out, const std::string& name) {
    out.names.push_back(in_lower_case(name));
    const auto id = http::field_name(name);
    // One name of many claims says nothing about the others.
    if (id != http::FieldName::other && id != http::FieldName::claim) out.known |= 1u << static_cast<unsigned>(id);
}

bool same_loosely(std::string_view name, std::string_view lower) {
    return std::ranges::equal(name, lower, [](char a, char b) { return (a == '_' ? '-' : http::lower(a)) == b; });
}

}  // namespace

bool Edits::replaces(std::string_view name) const {
    return std::ranges::any_of(names, [&](const std::string& lower) { return http::equals_lower(name, lower); });
}

bool Edits::replaces_loosely(std::string_view name) const {
    return std::ranges::any_of(
        names, [&](const std::string& lower) { return http::equals_lower(name, lower) || same_loosely(name, lower); });
}

Edits edits_of(const config::HeaderEdits& source, bool groups) {
    Edits out;
    for (const auto& [name, value] : source.set) {
        replace(out, name);
        add_line(out, name, value, groups);
    }
    for (const auto& [name, value] : source.add) add_line(out, name, value, groups);
    for (const auto& name : source.remove) replace(out, name);
    return out;
}

void set_as_it_stands(Edits& to, const std::string& name, std::string_view value) {
    if (to.replaces(name)) return;
    replace(to, name);
    to.lines += name + ": ";
    to.lines += value;
    to.lines += "\r\n";
}

}  // namespace switchyard::route
