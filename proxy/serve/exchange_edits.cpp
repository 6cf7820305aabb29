// The header lines that a route has a say in: those it adds, with what belongs to this request filled in, and the
// trailers it lets pass.
#include "proxy/serve/exchange.h"

namespace switchyard::serve {

void Exchange::write_edits(http::Writer& to, const route::Edits& edits) const {
    const std::string_view lines = edits.lines;
    std::size_t written = 0;
    for (const auto& fill : edits.fills) {
        to << lines.substr(written, fill.at - written);
        written = fill.at;
        switch (fill.what) {
            case config::Placeholder::client: {
                char text[64];
                to << std::string_view(text, facts_.client.write(text));
                break;
            }
            case config::Placeholder::host:
                to << host_;
                break;
            case config::Placeholder::target:
                to << target_.path << target_.tail;
                break;
            case config::Placeholder::request_id:
                to << std::string_view(request_id_, request_id_size_);
                break;
        }
    }
    to << lines.substr(written);
}

void Exchange::write_announcement(http::Writer& to, const std::vector<std::string>& trailers) const {
    if (trailers.empty()) return;
    to << "Trailer: ";
    for (std::size_t i = 0; i < trailers.size(); ++i) to << (i == 0 ? "" : ", ") << trailers[i];
    to << "\r\n";
}

}  // namespace switchyard::serve
