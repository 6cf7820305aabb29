#include "config/nginx_import/import.h"

#include <algorithm>
#include <map>

#include "config/check/validate.h"
#include "config/model/limits.h"
#include "config/nginx_import/form.h"
#include "config/nginx_import/known.h"
#include "config/nginx_import/resolver_import.h"
#include "config/nginx_import/server_import.h"
#include "config/nginx_import/values.h"

namespace switchyard::config {

namespace {

using namespace nginx;

void import_http(const Directive& http, const std::filesystem::path& folder, Model& model, Notes& notes) {
    Scope scope(notes);
    Upstreams upstreams(model, notes, folder);
    std::vector<const Directive*> servers, real_ip, tls;
    for (const Directive& directive : http.children) {
        if (directive.name == "upstream" && directive.block)
            upstreams.add(directive);
        else if (directive.name == "server" && directive.block)
            servers.push_back(&directive);
        else if (directive.name == "set_real_ip_from" || directive.name == "real_ip_header")
            real_ip.push_back(&directive);
        else if (ServerTls::knows(directive.name))
            tls.push_back(&directive);
        else if (!scope.define(directive) && !Settings::knows(directive.name) && !Guards::knows(directive.name))
            note_untranslated(directive, notes);
    }
    Servers all(model, upstreams, notes, folder);
    all.import(servers, scope, Settings{}.under(http.children), Guards{}.under(http.children),
               ServerTls{}.under(http.children), real_ip);
    if (!all.secure())
        for (const Directive* directive : tls) note_untranslated(*directive, notes);
    for (const auto& [name, upstream] : model.upstreams) {
        if (upstream.health == Health{}) {
            notes.unneeded(
                http,
                "every endpoint is checked by opening a connection each second; see upstreams.health for "
                "checks by HTTP, "
                "or \"type\": \"none\" for none. Where no max_fails is given five failures in a row take one "
                "out, in nginx one in ten seconds; see upstreams.ejection");
            break;
        }
    }
}

void import_top(const Directive& directive, const std::filesystem::path& folder, Model& model, Notes& notes) {
    if (directive.name == "http" && directive.block) {
        import_http(directive, folder, model, notes);
    } else if (directive.name == "worker_processes") {
        const auto workers = number_value(directive.arg(0));
        model.process.workers = std::min(workers.value_or(0), static_cast<std::uint32_t>(limits::kWorkers));
    } else {
        note_untranslated(directive, notes);
    }
}

// In the order in which nginx reads the files.
void sort_notes(std::vector<Note>& notes, const std::vector<Directive>& directives) {
    std::map<std::string, std::size_t> order;
    const auto visit = [&](const auto& self, const std::vector<Directive>& block) -> void {
        for (const Directive& directive : block) {
            order.emplace(directive.file, order.size());
            self(self, directive.children);
        }
    };
    visit(visit, directives);
    std::ranges::stable_sort(notes, [&](const Note& a, const Note& b) {
        const auto place = [&](const Note& note) {
            const auto at = order.find(note.file);
            return std::pair(at == order.end() ? order.size() : at->second, note.line);
        };
        return place(a) < place(b);
    });
}

}  // namespace

NginxImport import_nginx(const std::filesystem::path& path) {
    Tree tree = read_tree(path);
    if (tree.fault) return {{}, {}, std::move(tree.fault)};
    if (auto fault = fault_in_form(tree.directives)) return {{}, {}, std::move(fault)};
    NginxImport result;
    const auto folder = std::filesystem::absolute(path).parent_path();
    Notes notes;
    for (Note& note : tree.notes) notes.add(std::move(note));
    // A file from conf.d or sites-enabled has no http block of its own.
    const bool fragment = std::ranges::none_of(tree.directives, [](const Directive& d) { return d.name == "http"; }) &&
                          std::ranges::any_of(tree.directives, [](const Directive& d) {
                              return d.name == "server" || d.name == "upstream";
                          });
    if (fragment) {
        Directive http{"http", {}, true, std::move(tree.directives), path.string(), 1};
        tree.directives.clear();
        tree.directives.push_back(std::move(http));
    }
    import_resolver(tree.directives, result.model.process.resolver, notes);
    try {
        for (const Directive& directive : tree.directives) import_top(directive, folder, result.model, notes);
    } catch (const TooManyCases& error) {
        return {{}, {}, Note{path.string(), 0, error.what(), "write the rules by hand", Note::Kind::lost}};
    }
    result.notes = notes.take();
    sort_notes(result.notes, tree.directives);
    if (const auto errors = validate(result.model); !errors.empty())
        return {{},
                {},
                Note{path.string(), 0, errors[0].pointer, "the result is no valid configuration: " + errors[0].detail,
                     Note::Kind::lost}};
    return result;
}

}  // namespace switchyard::config
