/** The limit of the bench `http`: a Fastify route with the same schemas that records nothing. */
import Fastify from 'fastify';
import { Type } from 'typebox';
import { v7 as uuidv7 } from 'uuid';
import { keepCompiledCode } from '../src/cli/memory.ts';
import { acts } from '../src/domain/acts.ts';
import { CommandHeaders, Written } from '../src/http/commands.ts';
import { strictValidation } from '../src/http/validation.ts';

keepCompiledCode();
const { schema, idSchema } = acts.ClaimMade;
const body = Type.Object({ id: idSchema, ...schema.properties }, { additionalProperties: false });

const app = Fastify();
app.setValidatorCompiler(strictValidation());
app.addSchema(Written);
app.post('/v1/claims', {
  schema: { headers: CommandHeaders, body, response: { 201: Type.Ref('Written#') } },
  handler: async (request, reply) => {
    const { id } = request.body as { id: string };
    const stream = `claim-${id}`;
    return reply
      .status(201)
      .header('location', `/v1/streams/${stream}`)
      .header('etag', '"1"')
      .send({ id, stream, version: 1, position: 1, event_ids: [uuidv7()] });
  },
});
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
