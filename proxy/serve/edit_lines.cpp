#include "proxy/serve/edit_lines.h"

#include "proxy/route/groups.h"

namespace switchyard::serve {
namespace {

std::string_view certificate_says(const route::Asked& asked, std::string_view claim) {
    return asked.facts.certificate == nullptr ? std::string_view{} : asked.facts.certificate->value(claim);
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
            to << (asked.facts.host.empty() && fill.in_host && from.lease.held()
                       ? std::string_view(from.lease.endpoint()->configured)
                       : asked.facts.host);
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
            std::string text;
            route::add_escaped(text, fill.what == config::Placeholder::path_group ? groups.of_path(fill.group)
                                                                                  : groups.of_host(fill.group));
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
