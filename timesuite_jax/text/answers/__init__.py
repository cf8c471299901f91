"""The grammar of time spans in answers: characters, words, notations of times and phrases, each a table.

An answer passes through these modules in order:

1. `final_answer`: drops the model's thinking and repeated examples of the prompt;
2. `characters`: maps digits, dashes, arrows and primes of all scripts to ASCII;
3. `header_tables`: reads tables whose header names a start and an end;
4. `lexer`, with the tables `notations` (what is a time), `vocabulary` (words in nine languages) and `numerals`: splits
   the rest into tokens, one letter each (`tokens`);
5. `rules`: the table of phrases, regular expressions over those letters.

To support another notation, word or phrase, add a row to the table concerned.
"""
