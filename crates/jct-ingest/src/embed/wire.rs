//! What is said to the service, and what it must answer.

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct Question<'a> {
    pub(super) model: &'a str,
    pub(super) input: &'a [String],
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

/// The vectors of a batch, in the order of its texts.
#[derive(Debug, PartialEq)]
pub(super) struct Vectors {
    pub(super) vectors: Vec<Vec<f32>>,
    pub(super) tokens: Option<u64>,
}

/// Reads an answer for `count` texts; the message says what makes no sense, and nothing that the service said.
pub(super) fn read(body: &[u8], count: usize) -> Result<Vectors, String> {
    let Answer { data, usage } =
        serde_json::from_slice(body).map_err(|_| "gave an answer that is not a list of embeddings".to_owned())?;
    if data.len() != count {
        return Err(format!("gave {} vectors for {count} texts", data.len()));
    }
    let mut places: Vec<Option<Vec<f32>>> = vec![None; count];
    for (position, Item { index, embedding }) in data.into_iter().enumerate() {
        let index = index.unwrap_or(position);
        let place = places.get_mut(index).ok_or_else(|| format!("gave a vector for text {index} of {count}"))?;
        if place.replace(embedding).is_some() {
            return Err(format!("gave two vectors for text {index}"));
        }
    }
    let vectors: Vec<Vec<f32>> = places.into_iter().flatten().collect();
    let dimension = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.is_empty() || vector.iter().any(|number| !number.is_finite())) {
        return Err("gave a vector that is empty or not finite".to_owned());
    }
    if vectors.iter().any(|vector| vector.len() != dimension) {
        return Err("gave vectors of different dimensions".to_owned());
    }
    Ok(Vectors { vectors, tokens: usage.and_then(|usage| usage.prompt_tokens.or(usage.total_tokens)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, count: usize, expect: Result<&[f32], &str>) {
        let found = read(body.as_bytes(), count).map(|vectors| vectors.vectors.concat());
        assert_eq!(found, expect.map(<[f32]>::to_vec).map_err(str::to_owned), "{body}");
    }

    #[test]
    fn vectors_stand_where_their_index_says() {
        check(r#"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}"#, 2, Ok(&[1.0, 2.0]));
        check(r#"{"data":[{"embedding":[1,2.5]},{"embedding":[3,4]}],"model":"x"}"#, 2, Ok(&[1.0, 2.5, 3.0, 4.0]));
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_none() {
        check("{}", 1, Err("gave an answer that is not a list of embeddings"));
        check(r#"{"data":[]}"#, 1, Err("gave 0 vectors for 1 texts"));
        check(
            r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#,
            2,
            Err("gave two vectors for text 0"),
        );
        check(r#"{"data":[{"index":7,"embedding":[1]}]}"#, 1, Err("gave a vector for text 7 of 1"));
        check(r#"{"data":[{"index":0,"embedding":[]}]}"#, 1, Err("gave a vector that is empty or not finite"));
        check(
            r#"{"data":[{"index":0,"embedding":[1e99]}]}"#,
            1,
            Err("gave an answer that is not a list of embeddings"),
        );
        let uneven = r#"{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}"#;
        check(uneven, 2, Err("gave vectors of different dimensions"));
    }
}
