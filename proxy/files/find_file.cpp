#include "proxy/files/find_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace switchyard::files {
namespace {

using Word = FoundFile::Word;

struct Opened {
    net::Descriptor fd;
    struct stat state {};
    int error = 0;

    bool is_folder() const { return error == 0 && S_ISDIR(state.st_mode); }
    bool is_file() const { return error == 0 && S_ISREG(state.st_mode); }
};

// Links are followed as long as they stay beneath the root. What is no file is not waited for (a FIFO).
Opened open_beneath(int root, const std::string& path) {
    Opened out;
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    // A rename on the way may have it look again (openat2(2)).
    constexpr int kTries = 16;
    for (int i = 0; i < kTries && fd < 0; ++i) {
        fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
        if (fd < 0 && errno != EAGAIN && errno != EINTR) break;
    }
    out.fd = net::Descriptor(static_cast<int>(fd));
    if (fd < 0 || ::fstat(out.fd.get(), &out.state) != 0) out.error = errno;
    return out;
}

Word word_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP:
        case EXDEV:  // beyond the root
        case ENXIO:  // a socket
        case EINVAL:
            return Word::missing;
        case EACCES:
        case EPERM:
            return Word::denied;
        default:
            return Word::failed;
    }
}

FoundFile found(Opened opened, const std::string& name, std::string_view coding) {
    FoundFile out;
    out.word = Word::file;
    out.fd = std::move(opened.fd);
    out.size = static_cast<std::uint64_t>(opened.state.st_size);
    out.modified_s = opened.state.st_mtim.tv_sec;
    out.name = name;
    out.coding = coding;
    return out;
}

// The file of that name, or one that was compressed from it.
FoundFile find_named(int root, const std::string& name, const std::vector<Precompressed>& codings) {
    for (const Precompressed& each : codings)
        if (Opened coded = open_beneath(root, name + std::string(each.ending)); coded.is_file())
            return found(std::move(coded), name, each.coding);
    Opened plain = open_beneath(root, name);
    if (plain.is_file()) return found(std::move(plain), name, {});
    FoundFile out;
    out.word = plain.is_folder() ? Word::folder : plain.error != 0 ? word_of(plain.error) : Word::missing;
    return out;
}

FoundFile find_at(int root, const config::StaticFiles& where, const std::string& path,
                  const std::vector<Precompressed>& codings) {
    if (!path.empty() && path.back() != '/') return find_named(root, path, codings);
    FoundFile out;
    for (const std::string& index : where.index) {
        out = find_named(root, path + index, codings);
        if (out.word == Word::file || out.word == Word::failed) return out;
    }
    const Opened folder = open_beneath(root, path);
    out.word = folder.is_folder() ? Word::denied : folder.error != 0 ? word_of(folder.error) : Word::missing;
    return out;
}

}  // namespace

FoundFile find_file(const config::StaticFiles& where, const std::string& path,
                    const std::vector<Precompressed>& codings) {
    const std::string& root = where.root.empty() ? where.alias : where.root;
    // Each time anew: the root may be a link that is exchanged when a new version is there.
    const net::Descriptor opened(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    FoundFile out;
    if (!opened.is_open()) {
        out.word = word_of(errno);
        return out;
    }
    out = find_at(opened.get(), where, path, codings);
    if (out.word != Word::missing || where.fallback.empty()) return out;
    out = find_named(opened.get(), where.fallback.substr(1), codings);
    if (out.word == Word::folder) out.word = Word::missing;  // else its client would be sent on for ever
    return out;
}

}  // namespace switchyard::files
