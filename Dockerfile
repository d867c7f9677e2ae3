FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY . .
USER node
ENTRYPOINT ["node", "--disable-warning=TimeoutNegativeWarning", "src/main.ts"]
CMD ["start"]
