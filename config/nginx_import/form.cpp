#include "config/nginx_import/form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace switchyard::config::nginx {

namespace {

constexpr std::size_t kAny = 1000;  // as many words as one likes

struct Form {
    std::string_view name;
    std::size_t fewest, most;
    bool once = false;  // in one block
    bool block = false;
};

// The directives that are read here, and those that often stand before one of them.
constexpr std::array kForms{
    Form{"http", 0, 0, true, true},
    Form{"events", 0, 0, true, true},
    Form{"upstream", 1, 1, false, true},
    Form{"map", 2, 2, false, true},
    Form{"split_clients", 2, 2, false, true},
    Form{"geo", 1, 2, false, true},
    Form{"location", 1, 2, false, true},
    Form{"if", 1, kAny, false, true},
    Form{"limit_except", 1, kAny, false, true},
    Form{"listen", 1, kAny},
    Form{"server_name", 1, kAny},
    Form{"proxy_pass", 1, 1, true},
    Form{"grpc_pass", 1, 1, true},
    Form{"proxy_set_header", 2, 2},
    Form{"grpc_set_header", 2, 2},
    Form{"proxy_hide_header", 1, 1},
    Form{"grpc_hide_header", 1, 1},
    Form{"add_header", 2, 3},
    Form{"return", 1, 2},
    Form{"rewrite", 2, 3},
    Form{"set", 2, 2},
    Form{"break", 0, 0},
    Form{"internal", 0, 0},
    Form{"try_files", 2, kAny},
    Form{"root", 1, 1, true},
    Form{"alias", 1, 1, true},
    Form{"allow", 1, 1},
    Form{"deny", 1, 1},
    Form{"auth_basic", 1, 1, true},
    Form{"auth_basic_user_file", 1, 1, true},
    Form{"auth_request", 1, 1, true},
    Form{"limit_conn", 2, 2},
    Form{"limit_conn_zone", 2, 2},
    Form{"limit_req", 1, 3},
    Form{"limit_req_zone", 3, 4},
    Form{"client_max_body_size", 1, 1, true},
    Form{"client_header_timeout", 1, 1, true},
    Form{"keepalive_timeout", 1, 2, true},
    Form{"default_type", 1, 1, true},
    Form{"proxy_connect_timeout", 1, 1, true},
    Form{"proxy_read_timeout", 1, 1, true},
    Form{"proxy_send_timeout", 1, 1, true},
    Form{"proxy_next_upstream", 1, kAny, true},
    Form{"proxy_next_upstream_tries", 1, 1, true},
    Form{"proxy_next_upstream_timeout", 1, 1, true},
    Form{"proxy_http_version", 1, 1, true},
    Form{"proxy_buffering", 1, 1, true},
    Form{"proxy_request_buffering", 1, 1, true},
    Form{"proxy_redirect", 1, 2},
    Form{"set_real_ip_from", 1, 1},
    Form{"include", 1, 1},
    Form{"worker_processes", 1, 1, true},
    Form{"worker_connections", 1, 1, true},
    Form{"gzip", 1, 1, true},
    Form{"sendfile", 1, 1, true},
    Form{"server_tokens", 1, 1, true},
    Form{"ssl_certificate", 1, 1},
    Form{"ssl_certificate_key", 1, 1},
};

const Form* form_of(std::string_view name) {
    const auto found = std::ranges::find(kForms, name, &Form::name);
    return found == kForms.end() ? nullptr : &*found;
}

// What the entries of a block of words are: pairs of our own choice, not directives.
bool holds_entries(std::string_view name) {
    return name == "map" || name == "split_clients" || name == "geo" || name == "types" || name == "match" ||
           name.ends_with("_by_lua_block");
}

std::optional<Note> wrong(const Directive& directive, std::string what) {
    return Note{directive.file, directive.line, std::move(what),
                "is a ';' missing at the end of this or the line before? `nginx -t` says the same", Note::Kind::lost};
}

}  // namespace

std::optional<Note> fault_in_form(const std::vector<Directive>& directives) {
    std::set<std::string_view> seen;
    for (const Directive& directive : directives) {
        if (const Form* form = form_of(directive.name)) {
            if (directive.block && !form->block)
                return wrong(directive, fmt::format("\"{}\" is not ended by ';'", directive.written()));
            if (!directive.block && form->block)
                return wrong(directive, fmt::format("\"{}\" has no opening '{{'", directive.written()));
            if (directive.args.size() < form->fewest || directive.args.size() > form->most)
                return wrong(directive,
                             fmt::format("\"{}\" has {} words after its name, expected {}", directive.written(),
                                         directive.args.size(),
                                         form->fewest == form->most ? fmt::format("{}", form->most)
                                         : form->most == kAny       ? fmt::format("at least {}", form->fewest)
                                                              : fmt::format("{} or {}", form->fewest, form->most)));
            if (form->once && !seen.insert(form->name).second)
                return wrong(directive, fmt::format("\"{}\" is there twice in one block", directive.name));
        }
        if (holds_entries(directive.name)) continue;
        if (auto inside = fault_in_form(directive.children)) return inside;
    }
    return std::nullopt;
}

}  // namespace switchyard::config::nginx
