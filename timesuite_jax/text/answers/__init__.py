"""The grammar of time spans in answers: characters, words, notations of times and phrases, each a table.

An answer passes through these modules in order:

1. `final_answer`: drops the model's thinking, struck-out text and repeated examples of the prompt; `options`: keeps the
   option that an answer to a multiple-choice question chooses;
2. `characters`, with `cjk_numerals`: maps digits, dashes, arrows and primes of all scripts to ASCII;
3. `header_tables`: reads tables whose header names a start and an end;
4. `lexer`, with the tables `notations` (what is a time), `counted` (what is another number), `vocabulary` (words in ten
   languages), `expressions` (of several words, among them `decades`, `denials` and `corrections`, found by their
   `first_characters`), `numerals`, `ordinals` and `number_words`, which `written_numbers` reads beside units: splits
   the rest into tokens, one letter each (`tokens`);
5. `phrases`, of the tables `no_spans`, `ranges`, `role_phrases` and `boundary_phrases`: regular expressions over those
   letters, and `subjects`: whether a start and an end are of one event;
6. `captions`: finds the spans that captions follow, and drops the durations within captions;
7. `retractions`: drops the spans that a later correction replaces.

To support another notation, word, denial or phrase, add a row to the table concerned.
"""
