#pragma once
// A database of its own for one test, in a directory that goes with it.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "forum/store/migrations.h"
#include "forum/store/store.h"

namespace forum {

class Directory {
  public:
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "forum-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
        path_ = name;
    }
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

inline std::string migrated(const Directory& directory) {
    const std::string file = directory.file("forum.db");
    Connection connection(file, Connection::Mode::read_write);
    migrate_up(connection, embedded_migrations());
    return file;
}

}  // namespace forum
