// Log lines as JSON on standard error, written by one thread so that no request waits for the terminal or the disk.
//
// Threads: any. A line may be lost when the process is killed within the last tenth of a second.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace forum {

class RequestLog {
  public:
    RequestLog();
    ~RequestLog();
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;

    // A finished JSON object without its line end.
    void line(std::string_view json);
    // {"time", "level", "event", …} from names and texts.
    void event(std::string_view level, std::string_view event,
               const std::vector<std::pair<std::string_view, std::string>>& members = {});

  private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string pending_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace forum
