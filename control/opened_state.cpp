#include "control/opened_state.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/parse.h"
#include "control/base/timestamp.h"
#include "control/core/config_file.h"
#include "control/rollout/runner/holders.h"

namespace switchyard::control {
namespace {

bool holds_a_store(const std::string& folder) {
    std::error_code unknown;  // what cannot be looked at is none
    return std::filesystem::exists(folder + "/switchyard.db", unknown);
}

Result<Store::Opened> open_store(StateDir& dir, std::vector<std::string>& notices) {
    std::string why = dir.unwritable();
    if (why.empty()) {
        auto opened = Store::open(dir.store());
        if (opened || opened.error().kind != kStoreUnusable) return opened;
        why = opened.error().detail;
        dir.is_unwritable(why);
    }
    why += "; it runs on what could be read, and changes are refused: make the folder writable and start again";
    notices.push_back(why);
    return Store::open_copy(dir.store(), why);
}

Result<void> read_store(Store& store, Kept& kept) {
    auto newest = store.newest();
    if (!newest) return newest.error();
    auto base = store.base();
    if (!base) return base.error();
    auto refused = store.refused_file();
    if (!refused) return refused.error();
    auto journals = store.journals();
    if (!journals) return journals.error();
    auto releases = store.releases();
    if (!releases) return releases.error();
    auto pending = store.pending();
    if (!pending) return pending.error();
    kept.state.pending = pending->has_value();
    kept.state.newest = std::move(*newest);
    kept.state.base = std::move(*base);
    kept.state.refused = std::move(*refused);
    kept.journals = std::move(*journals);
    kept.releases = std::move(*releases);
    kept.state.held_by = [held = rollout::holders(kept.journals)](const std::string& route) {
        const auto holder = held.find(route);
        return holder == held.end() ? std::string() : holder->second.rollout;
    };
    return {};
}

}  // namespace

Result<OpenedState> open_inherited(const std::string& folder, int lock) {
    OpenedState out;
    out.dir = StateDir::inherited(folder, lock);
    auto opened = Store::open(out.dir->store());
    if (!opened) return opened.error();
    if (!opened->notice.empty()) return problems::internal(opened->notice);
    out.store = std::move(opened->store);
    if (auto read = read_store(*out.store, out.kept); !read) return read.error();
    auto reader = Store::open_reader(out.dir->store(), {});
    if (!reader) return reader.error();
    out.reader = std::move(*reader);
    return out;
}

Result<OpenedState> open_state(const ConfigPlace& place, const Control::Options& options) {
    OpenedState out;
    auto& file = out.kept.file;
    std::string folder = config::Process{}.state_dir;
    LayeredFile text;
    if (auto read = read_config_file(place); read) {
        text = std::move(*read);
        file.hash = text.hash;
        file.layers = text.layers;
        if (const auto said = state_dir_in(text.bytes)) folder = *said;
        if (auto model = model_of_file(text, nullptr); model)
            file.model = std::move(*model);
        else
            file.problem = model.error();
    } else {
        file.problem = read.error();
    }
    if (options.state_dir) folder = *options.state_dir;
    if (file.problem && !holds_a_store(folder)) return *file.problem;

    auto dir = StateDir::open(folder);
    if (!dir) return dir.error();
    out.dir = std::move(*dir);
    auto opened = open_store(*out.dir, out.notices);
    if (!opened) return opened.error();
    out.store = std::move(opened->store);
    out.kept.state.next = std::max(opened->next, options.above + 1);
    if (!opened->notice.empty()) {
        out.notices.push_back(opened->notice);
        const AuditEntry entry{0,
                               timestamp(std::chrono::system_clock::now()),
                               "switchyard",
                               "",
                               "store-set-aside",
                               "",
                               0,
                               {opened->notice},
                               {},
                               {}};
        if (auto noted = out.store->note(entry); !noted && out.dir->unwritable().empty()) return noted.error();
    }
    if (auto read = read_store(*out.store, out.kept); !read) return read.error();
    if (const auto& why = out.dir->unwritable(); why.empty()) {
        auto reader = Store::open_reader(out.dir->store(), {});
        if (!reader) return reader.error();
        out.reader = std::move(*reader);
    } else {
        // Of a private copy there is one connection, and nothing is written.
        out.reader = std::exchange(out.store, Store::refusing(why));
    }
    if (!file.model && !text.bytes.empty() && out.kept.state.newest)
        // Its secrets may be references to those of the state.
        if (const auto state = config::parse_stored(out.kept.state.newest->config); state.model)
            if (auto model = model_of_file(text, &*state.model); model) {
                file.model = std::move(*model);
                file.problem.reset();
            }
    if (file.model && options.state_dir) file.model->process.state_dir = *options.state_dir;
    return out;
}

}  // namespace switchyard::control
