#include "control/admin/call/page_reply.h"

#include "control/admin/call/same_origin.h"
#include "control/ui/page_file.h"

namespace switchyard::control {
namespace {

constexpr std::string_view kFolder = "/ui/";

// Nothing from elsewhere, no script inside the page, no frame of another page.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri "
    "'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

std::optional<AdminReply> page_reply(Context& context, const AdminRequest& request) {
    const std::string_view path = request.path;
    const bool folder = path == kFolder.substr(0, kFolder.size() - 1);
    if (!folder && !path.starts_with(kFolder)) return std::nullopt;
    if (request.method != "GET" && request.method != "HEAD") {
        auto answer = reply(Problem(405, "method-not-allowed", "the dashboard's files are only read"));
        answer.headers.emplace_back("Allow", "GET, HEAD");
        return answer;
    }
    if (const auto problem = foreign_host(request, context.controller.model().process.admin)) return reply(*problem);
    AdminReply out;
    if (folder) {
        out.status = 308;
        out.headers.emplace_back("Location", kFolder);
        return out;
    }
    const auto file = page_file(path.substr(kFolder.size()));
    if (!file) return reply(problems::not_found("the dashboard has no file " + request.path));
    out.content_type = file->type;
    out.body = file->text;
    out.headers = {{"Content-Security-Policy", kPolicy},
                   {"Cross-Origin-Opener-Policy", "same-origin"},
                   {"Cross-Origin-Resource-Policy", "same-origin"},
                   {"Referrer-Policy", "no-referrer"},
                   {"X-Frame-Options", "DENY"}};
    return out;
}

}  // namespace switchyard::control
