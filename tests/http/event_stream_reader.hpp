#pragma once  // What a browser makes of a stream of events: WHATWG HTML, 9.2.5 and 9.2.6, word for word.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "utf8/reference.hpp"

namespace wsinetd::http {

struct ReceivedEvent {
    std::string type;
    std::string data;
    std::string last_id;

    bool operator==(const ReceivedEvent&) const = default;
};

class EventStreamReader {
public:
    /// Reads a stream that has ended: an event without its empty line is not one.
    explicit EventStreamReader(std::string_view stream) {
        // "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark.
        std::string text = utf8::repaired_plainly(stream);
        if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find_first_of("\r\n", at);
            if (end == std::string::npos) break;  // no end of line: 9.2.5
            process(std::string_view(text).substr(at, end - at));
            at = text.compare(end, 2, "\r\n") == 0 ? end + 2 : end + 1;
        }
    }

    std::vector<ReceivedEvent> events;
    std::size_t comments = 0;
    std::size_t unknown = 0;  ///< lines that are ignored

private:
    void process(std::string_view line) {
        if (line.empty()) return dispatch();
        if (line.front() == ':') {
            ++comments;
            return;
        }
        const std::size_t colon = line.find(':');
        std::string_view value;
        if (colon != std::string_view::npos) value = line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        process(line.substr(0, colon), value);
    }
    void process(std::string_view field, std::string_view value) {
        if (field == "event") {
            type_ = value;
        } else if (field == "data") {
            data_.append(value).append("\n");
        } else if (field == "id" && value.find('\0') == std::string_view::npos) {
            id_ = value;
        } else {
            ++unknown;
        }
    }
    void dispatch() {
        if (!data_.empty()) {
            data_.pop_back();
            events.push_back({type_.empty() ? "message" : type_, data_, id_});
        }
        data_.clear();
        type_.clear();
    }

    std::string data_;
    std::string type_;
    std::string id_;
};

/// A message as a client is to receive it.
inline std::string received_plainly(std::string_view message) {
    std::string text;
    for (std::size_t i = 0; i < message.size(); ++i) {
        if (message[i] == '\r' && message.substr(i + 1, 1) == "\n") continue;
        text += message[i] == '\r' ? '\n' : message[i];
    }
    return utf8::repaired_plainly(text);
}

}  // namespace wsinetd::http
