#include "forum/store/backup.h"

#include "forum/store/engine/sqlite/session.h"
#include "forum/store/engine_at.h"

namespace forum {

void back_up(const std::string& from, const std::string& to) {
    SqliteSession(file_of(from), Purpose::reading).backup_to(to);
}

}  // namespace forum
