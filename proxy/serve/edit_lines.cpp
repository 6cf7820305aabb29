#include "proxy/serve/edit_lines.h"

#include "proxy/route/groups.h"

namespace switchyard::serve {
namespace {

std::string_view certificate_says(const route::Asked& asked, std::string_view claim) {
    return asked.facts.certificate == nullptr ? std::string_view{} : asked.facts.certificate->value(claim);
}

// A Host that is empty would be none. What a client of HTTP/1.0 does not name is the endpoint's address; for a group
// that took no part the host as a whole stands.
void write_host(http::HeadWriter& to, const HeadSources& from) {
    to << (from.asked.facts.host.empty() && from.lease.held() ? std::string_view(from.lease.endpoint()->configured)
                                                              : from.asked.facts.host);
}

void write_filled(http::HeadWriter& to, const route::Edits::Fill& fill, const HeadSources& from) {
    const route::Asked& asked = from.asked;
    switch (fill.what) {
        case config::Placeholder::client: {
            char text[64];
            to << (asked.facts.client.is_ip ? std::string_view(text, asked.facts.client.write(text)) : "unknown");
            break;
        }
        case config::Placeholder::host:
            if (fill.in_host) return write_host(to, from);
            to << asked.facts.host;
            break;
        case config::Placeholder::target:
            to << asked.target.path << asked.target.tail;
            break;
        case config::Placeholder::request_id:
            to << from.id.text();
            break;
        case config::Placeholder::client_cn:
            to << certificate_says(asked, "client.cn");
            break;
        case config::Placeholder::client_dns:
            to << certificate_says(asked, "client.dns");
            break;
        case config::Placeholder::client_fingerprint:
            to << certificate_says(asked, "client.fingerprint");
            break;
        case config::Placeholder::client_subject:
            to << certificate_says(asked, "client.subject");
            break;
        case config::Placeholder::client_uri:
            to << certificate_says(asked, "client.uri");
            break;
        case config::Placeholder::path_group:
        case config::Placeholder::host_group: {
            const route::Groups& groups = asked.groups(*from.course.route);
            const std::string_view taken =
                fill.what == config::Placeholder::path_group ? groups.of_path(fill.group) : groups.of_host(fill.group);
            if (taken.empty() && fill.in_host) return write_host(to, from);
            std::string text;
            route::add_escaped(text, taken);
            to << text;
            break;
        }
        case config::Placeholder::client_verified:
            to << (certificate_says(asked, "client.verified") == "true" ? "true" : "false");
            break;
    }
}

}  // namespace

void write_edits(http::HeadWriter& to, const route::Edits& edits, const HeadSources& from) {
    const std::string_view lines = edits.lines;
    std::size_t written = 0;
    for (const auto& fill : edits.fills) {
        to << lines.substr(written, fill.at - written);
        written = fill.at;
        write_filled(to, fill, from);
    }
    to << lines.substr(written);
}

void write_edited(http::HeadWriter& to, std::string_view plain, const HeadSources& from) {
    const route::Edits& edits = from.course.route->response_edits;
    for (bool status_line = true;; status_line = false) {
        const std::string_view line = plain.substr(0, plain.find("\r\n") + 2);
        if (line.size() == 2) break;
        if (status_line || !edits.replaces(line.substr(0, line.find(':')))) to << line;
        plain.remove_prefix(line.size());
    }
    write_edits(to, edits, from);
    to << plain;
}

void write_announcement(http::HeadWriter& to, const std::vector<std::string>& trailers) {
    if (trailers.empty()) return;
    to << "Trailer: ";
    for (std::size_t i = 0; i < trailers.size(); ++i) to << (i == 0 ? "" : ", ") << trailers[i];
    to << "\r\n";
}

}  // namespace switchyard::serve
