#include "control/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace switchyard::control {

Result<std::unique_ptr<StateDir>> StateDir::open(const std::string& path) {
    std::error_code ec;
    const bool made = std::filesystem::create_directories(path, ec);
    if (ec)
        return std::unique_ptr<StateDir>(
            new StateDir(path, -1, fmt::format("/process/state_dir: {} cannot be made: {}", path, ec.message())));
    // It holds the admin token and every secret of the configuration.
    if (made) std::filesystem::permissions(path, std::filesystem::perms::owner_all, ec);
    const std::string lock_path = path + "/lock";
    int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    std::string unwritable;
    if (lock < 0) {
        unwritable = fmt::format("/process/state_dir: {} cannot be written: {}", path, std::strerror(errno));
        lock = ::open(lock_path.c_str(), O_RDONLY | O_CLOEXEC);  // enough to hold it against a second process
    }
    if (lock >= 0 && ::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return problems::internal(fmt::format(
            "/process/state_dir: {} is used by another switchyard; stop that one or use another directory", path));
    }
    return std::unique_ptr<StateDir>(new StateDir(path, lock, std::move(unwritable)));
}

std::unique_ptr<StateDir> StateDir::inherited(const std::string& path, int lock) {
    return std::unique_ptr<StateDir>(new StateDir(path, lock, {}));
}

StateDir::~StateDir() {
    if (lock_ >= 0) ::close(lock_);
}

Result<void> StateDir::write_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << text;
    file.close();
    std::error_code ec;
    if (file) std::filesystem::rename(fresh, path, ec);
    if (!file || ec) return problems::internal(fmt::format("{} cannot be written", path));
    return {};
}

}  // namespace switchyard::control
