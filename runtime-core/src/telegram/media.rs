//! Calls that send files: by Telegram's own id of one that it has (`file_id`), or by an address from which it fetches it.

use serde::{Deserialize, Serialize};

use super::method::ReplyMarkup;

/// Files of an album.
pub const ALBUM: std::ops::RangeInclusive<usize> = 2..=10;

macro_rules! files {
    ($($(#[doc = $doc:literal])+ $name:ident $field:ident;)*) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub struct $name {
            pub chat_id: i64,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub message_thread_id: Option<i64>,
            /// `file_id`, or an address.
            pub $field: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub caption: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub parse_mode: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reply_markup: Option<ReplyMarkup>,
        }
    )* };
}

files! {
    /// <https://core.telegram.org/bots/api#sendphoto>
    SendPhoto photo;
    /// <https://core.telegram.org/bots/api#senddocument>
    SendDocument document;
    /// <https://core.telegram.org/bots/api#sendvideo>
    SendVideo video;
    /// <https://core.telegram.org/bots/api#sendaudio>
    SendAudio audio;
    /// <https://core.telegram.org/bots/api#sendanimation>
    SendAnimation animation;
    /// <https://core.telegram.org/bots/api#sendvoice>
    SendVoice voice;
}

/// <https://core.telegram.org/bots/api#sendmediagroup>, made by [`SendMediaGroup::new`] only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SendMediaGroup {
    pub chat_id: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_thread_id: Option<i64>,
    media: Vec<AlbumItem>,
}

/// One file of an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AlbumItem {
    #[serde(rename = "type")]
    pub kind: AlbumKind,
    /// `file_id`, or an address.
    pub media: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse_mode: Option<String>,
}

/// What an album may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum AlbumKind {
    Photo,
    Video,
    Audio,
    Document,
}

/// Why files are no album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAlbum {
    /// Fewer than two, or more than ten.
    #[error("an album has 2 to 10 files")]
    Size,
    /// Audio or documents beside others.
    #[error("audio and documents stand in albums of their own kind only")]
    Kinds,
}

impl SendMediaGroup {
    /// An album.
    ///
    /// # Errors
    /// Telegram would not take it.
    pub fn new(chat_id: i64, media: Vec<AlbumItem>) -> Result<Self, NoAlbum> {
        if !ALBUM.contains(&media.len()) {
            return Err(NoAlbum::Size);
        }
        let apart = |kind| matches!(kind, AlbumKind::Audio | AlbumKind::Document);
        let first = media.first().map(|item| item.kind);
        let mixed = media
            .iter()
            .any(|item| Some(item.kind) != first && (apart(item.kind) || first.is_some_and(apart)));
        if mixed {
            return Err(NoAlbum::Kinds);
        }
        Ok(Self {
            chat_id,
            message_thread_id: None,
            media,
        })
    }

    /// In a forum's topic.
    #[must_use]
    pub fn in_thread(mut self, thread: i64) -> Self {
        self.message_thread_id = Some(thread);
        self
    }

    /// Its files: each is a message.
    pub fn media(&self) -> &[AlbumItem] {
        &self.media
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn albums_have_two_to_ten_files_of_kinds_that_go_together() {
        use AlbumKind::{Audio, Document, Photo, Video};
        let album = |kinds: &[AlbumKind]| {
            let item = |kind: &AlbumKind| AlbumItem {
                kind: *kind,
                media: "id".to_owned(),
                caption: None,
                parse_mode: None,
            };
            SendMediaGroup::new(1, kinds.iter().map(item).collect()).map(|album| album.media.len())
        };
        assert_eq!(album(&[Photo, Video]), Ok(2));
        assert_eq!(album(&[Audio; 10]), Ok(10));
        assert_eq!(album(&[Photo]), Err(NoAlbum::Size));
        assert_eq!(album(&[Photo; 11]), Err(NoAlbum::Size));
        for mixed in [
            [Photo, Document],
            [Document, Photo],
            [Audio, Document],
            [Video, Audio],
        ] {
            assert_eq!(album(&mixed), Err(NoAlbum::Kinds), "{mixed:?}");
        }
    }
}
