using System.Net.Mime;
using System.Text;
using Zurg.Sdk;

namespace Sudoku.Web;

/// <summary>The instances of the solver, seen as one.</summary>
internal sealed class Solvers(HttpClient http)
{
    /// <summary>A little more than a solver's own limit, so that its answer is the one that is seen.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(32);

    private const int AttemptsMax = 3;

    /// <summary>What a solver answers, whatever its status.</summary>
    /// <exception cref="HttpRequestException">No solver could be reached, or several died over this puzzle.</exception>
    /// <exception cref="TaskCanceledException">No answer came within <see cref="AnswerWithin"/>.</exception>
    public async Task<SolverAnswer> SolveAsync(string puzzle, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var content = new StringContent(puzzle, Encoding.UTF8, MediaTypeNames.Text.Plain);
                using var answer = await http.PostAsync("solve", content, stop);
                return new SolverAnswer(
                    (int)answer.StatusCode,
                    answer.Content.Headers.ContentType?.ToString(),
                    await answer.Content.ReadAsByteArrayAsync(stop));
            }
            catch (HttpRequestException e) when (attempt < AttemptsMax && e is not ServiceUnavailableException { Attempts: [] })
            {
                // A solver died over the question. Nobody but us knows that a POST to it may be repeated: it changes nothing.
                // Where there was nobody to ask at all, the handler has waited for somebody already.
            }
        }
    }
}

internal sealed record SolverAnswer(int Status, string? ContentType, byte[] Body);
