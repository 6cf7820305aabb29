#include "proxy/snapshot/page_shelf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/model.h"

namespace switchyard {
namespace {

struct Opened {
    int fd;
    ~Opened() {
        if (fd >= 0) ::close(fd);
    }
};

FileStamp stamp_of(const struct stat& s) {
    constexpr std::int64_t kNs = 1'000'000'000;
    return {s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec * kNs + s.st_mtim.tv_nsec,
            s.st_ctim.tv_sec * kNs + s.st_ctim.tv_nsec};
}

bool read_all(int fd, std::string& text) {
    text.resize(config::kPageSize + 1);
    std::size_t size = 0;
    while (size < text.size()) {
        const auto got = ::read(fd, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    text.resize(size);
    return true;
}

}  // namespace

std::set<std::string> PageShelf::files_of(const config::Model& model) {
    std::set<std::string> out;
    for (const auto& route : model.routes)
        for (const auto& [status, file] : route.error_pages) out.insert(file);
    return out;
}

// Nothing that opening waits for (a FIFO), or that never ends.
PageShelf::Reading PageShelf::read(const std::string& file, const FileStamp& before) {
    Reading out;
    const auto cannot = [&](const std::string& why) {
        out.changed = true;
        out.why = "error page " + file + " cannot be read: " + why;
        return out;
    };
    const Opened opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    struct stat state {};
    if (opened.fd < 0 || ::fstat(opened.fd, &state) != 0) return cannot(std::strerror(errno));
    if (!S_ISREG(state.st_mode)) return cannot("it is no regular file");
    out.stamp = stamp_of(state);
    if (out.stamp == before) return out;
    std::string text;
    if (!read_all(opened.fd, text)) return cannot(std::strerror(errno));
    if (text.size() > config::kPageSize)
        return cannot("it is larger than " + std::to_string(config::kPageSize >> 10U) +
                      " KiB, and pages are kept in memory");
    out.changed = true;
    out.text = std::make_shared<const std::string>(std::move(text));
    return out;
}

bool PageShelf::take(const std::string& file, const Reading& reading) {
    Kept& kept = kept_[file];
    if (!reading.changed) {
        kept.trouble.clear();  // it is back as it was
        return false;
    }
    kept.trouble = reading.why;
    if (reading.text == nullptr) return false;
    kept.stamp = reading.stamp;
    const bool same = kept.text != nullptr && *kept.text == *reading.text;
    if (!same) kept.text = reading.text;
    return !same;
}

const PageShelf::Kept* PageShelf::find(const std::string& file) const {
    const auto found = kept_.find(file);
    return found == kept_.end() ? nullptr : &found->second;
}

void PageShelf::keep_for(const config::Model& model) {
    const auto used = files_of(model);
    std::size_t spare = 0;
    std::erase_if(kept_, [&](const auto& entry) {
        return !used.contains(entry.first) && (entry.second.text == nullptr || ++spare > kSpare);
    });
}

std::vector<std::string> PageShelf::troubles(const config::Model& model) const {
    std::vector<std::string> out;
    for (const auto& file : files_of(model)) {
        const Kept* const kept = find(file);
        if (kept == nullptr || kept->trouble.empty()) continue;
        out.push_back(kept->trouble + (kept->text != nullptr ? "; what was read last is shown"
                                                             : "; Switchyard's own answer is shown until it can be"));
    }
    return out;
}

}  // namespace switchyard
